"""Reading into the store, with a progress bar where somebody waits for long enough to want one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tachograph.ingest.plan import Plan
    from tachograph.ingest.reader import Summary, Work
    from tachograph.ingest.users import Users
    from tachograph.store.duckdb import Store

_WORTH_A_BAR_BYTES: Final = 20_000_000


def read_into(store: Store, what: Plan | Work, users: Users) -> Summary:
    """Reads what the plan says; `users` says whose the metrics are that name nobody."""
    from tachograph.ingest.reader import Work, read

    size = (what.plan if isinstance(what, Work) else what).bytes_to_read
    if size < _WORTH_A_BAR_BYTES or sys.stderr is None or not sys.stderr.isatty():
        return read(store, what, users=users)
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("reading logs"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size)
        return read(store, what, lambda size: bar.advance(task, size), users)
