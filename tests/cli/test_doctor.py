"""`tachograph doctor`: what its page says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


def test_one_remark_is_one(log: Path, tachograph: Command) -> None:
    (log / "metrics_20260401_000000.jsonl").write_text("{nonsense\n")
    tachograph("ingest")
    assert tachograph("doctor").out.splitlines()[-1] == "1 remark, nothing to repair."
