from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIGHT = {
    "claude_code",
    "codex",
    "copilot_cli",
    "decoding",
    "gemini_cli",
    "metrics_log",
    "opencode",
}


def test_asking_every_source_where_its_files_are_loads_no_reader() -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tachograph.sources import all_sources\n"
        "for source in all_sources():\n"
        "    for place in source.places({}, Path()):\n"
        "        source.owns(str(place / 'a.jsonl'))\n"
        "print(*(name for name in sys.modules if name.startswith('tachograph.sources.') or name == 'sqlite3'))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name.removeprefix("tachograph.sources.") for name in answer.stdout.split()} == LIGHT


def test_opencodes_json_files_are_read_without_sqlite(tmp_path: Path) -> None:
    session = tmp_path / "ses_1.json"
    session.write_text('{"id":"ses_1","projectID":"p1","directory":"/srv/shop","time":{"created":1772442000000}}')
    code = (
        "import sys\n"
        "from tachograph.sources import source\n"
        "reader = source('opencode').reader()\n"
        "problems = list(reader.read_file(sys.argv[1]))\n"
        "print(len(problems), reader.waiting, 'sqlite3' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code, str(session)], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["0", "1", "False"]
