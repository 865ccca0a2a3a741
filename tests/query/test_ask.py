from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.made_up import write_log
from tachograph import BadQuestion, MetricsParser, NoLogs, Query, QueryResult, Store, ask

DOCS = Path(__file__).parents[2] / "docs" / "queries.md"


def test_a_log_is_asked_as_a_store_is(tmp_path: Path) -> None:
    write_log(tmp_path / "metrics")
    answer = ask(MetricsParser(tmp_path), Query(by=("tool",)))
    assert isinstance(answer, QueryResult)
    assert answer.rows == [{"tool": "Bash", "count": 2}, {"tool": "Read", "count": 1}]
    with Store.in_memory() as store:
        assert ask(store, Query()).total == {"count": 0}


def test_what_is_wrong_is_raised(tmp_path: Path) -> None:
    with pytest.raises(NoLogs):
        ask(MetricsParser(tmp_path / "nowhere"), Query())
    with Store.in_memory() as store, pytest.raises(BadQuestion, match="there is no measure"):
        ask(store, Query(measures=("dollars",)))


def test_a_query_can_be_made_without_the_engine() -> None:
    program = "import sys, tachograph; tachograph.Query(); print('duckdb' in sys.modules, 'zoneinfo' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout == "False False\n"


def test_the_example_of_the_docs_runs(tmp_path: Path) -> None:
    write_log(tmp_path / "metrics")
    (program,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert said.stdout.startswith("{'count': 0, 'success_rate': None, 'duration_p95': None, 'previous': {")
