"""What was recorded in a folder, as the reader of metrics logs has it, after it was made sure that no line is torn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tachograph import MetricsParser, NoLogs

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph import Metric


def read(folder: Path) -> list[Metric]:
    """The metrics, in their order."""
    return asyncio.run(_read(folder))


async def _read(folder: Path) -> list[Metric]:
    parser = MetricsParser(folder)
    try:
        metrics = [metric async for batch in parser.stream_metrics() for metric in batch]
    except NoLogs:
        return []
    assert parser.rejects == []
    assert len({metric.id for metric in metrics}) == len(metrics)
    return metrics
