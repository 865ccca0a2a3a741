"""What was deleted from the store is gone from its copy too, and what is kept of it is made again with the store."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from claude_lines import ingest, reply, transcript, usage
from tachograph.ingest.doctor import diagnose, repair
from tachograph.retention.detail import condense_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store.copies import StoreCopy
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from pathlib import Path

POLICY = DetailPolicy(timedelta(days=30))
LATER = datetime(2026, 6, 1, tzinfo=UTC)
CONDENSES = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tachograph.retention.detail import condense_detail
from tachograph.retention.policy import DetailPolicy
from tachograph.store.duckdb import Store

Store.bring_copy_up_to_date = lambda self: os.kill(os.getpid(), signal.SIGKILL)
with Store.open(Path(sys.argv[1])) as store:
    condense_detail(store, DetailPolicy(timedelta(days=30)), datetime(2026, 6, 1, tzinfo=UTC))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store of old replies, whose log is gone."""
    path, logs = tmp_path / "store" / "tachograph.duckdb", tmp_path / "logs"
    logs.mkdir()
    (logs / "a.jsonl").write_bytes(transcript(*(reply(f"old-{n}", n, used=usage()) for n in range(50))))
    with Store.open(path) as store:
        ingest(store, logs)
    (logs / "a.jsonl").unlink()
    return path


def kept(path: Path) -> Any:
    with Store.open(path, read_only=True) as store:
        execute = store.connection.execute
        return [
            execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()  # noqa: S608 - our own names
            for table in ("metrics", "condensed", "condensed_ids", "condensed_owners", "sessions", "files")
        ]


def tells_of_the_old(path: Path) -> bool:
    """Whether the copy can give them back: its journal, or its base."""
    path.unlink()
    repair(path, diagnose(path))
    with Store.open(path) as store:
        found = store.connection.execute("SELECT count(*) FROM metrics WHERE id LIKE '%old%'").fetchone()
        return found != (0,)


def test_the_copy_forgets_what_is_condensed(path: Path) -> None:
    with Store.open(path) as store:
        assert condense_detail(store, POLICY, LATER).metrics == 51
    before = kept(path)
    assert len(before[1]) > 0
    assert [file.suffix for file in sorted(StoreCopy(path).folder.iterdir())] == [".duckdb", ".journal"]
    assert not tells_of_the_old(path)
    assert kept(path) == before


def test_a_process_that_is_killed_before_it_forgets_is_made_up_for(path: Path) -> None:
    command = [sys.executable, "-c", CONDENSES, str(path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    Store.open(path).close()
    before = kept(path)
    assert not tells_of_the_old(path)
    assert kept(path) == before
