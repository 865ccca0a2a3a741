"""How far a store was sent, for who watches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.collector.pushing import Portion


@contextmanager
def bar(total: int) -> Iterator[Callable[[Portion], None]]:
    """A bar of `total` bytes of the journal, and what moves it."""
    columns = (TextColumn("sending"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=total)
        yield lambda portion: shown.update(task, completed=portion.sent.position)
