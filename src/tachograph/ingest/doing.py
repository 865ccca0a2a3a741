"""Having tasks done: in several processes where that is worth it, else here."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

from tachograph.ingest.tasks import do

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.ingest.tasks import Task, TaskPart
    from tachograph.ingest.workers import Worker

_WORTH_A_PROCESS_BYTES: Final = 24 << 20


@contextmanager
def doing(tasks: Sequence[Task], workers: Sequence[Worker] = ()) -> Iterator[Iterator[TaskPart]]:
    """Every task's parts, those of one task in order, the tasks in any.

    Other processes, those that were hired before if any, begin at once and go on while nobody asks; where there is
    little to do, it is done when asked for.
    """
    size = sum(piece.end - piece.start for task in tasks for piece in task.pieces)
    with ExitStack() as ours:
        if len(tasks) > 1 and size >= _WORTH_A_PROCESS_BYTES:
            from tachograph.ingest.workers import hired, shared_out  # noqa: PLC0415 - mostly there is little to do

            workers = workers or ours.enter_context(hired())
            if workers:
                yield ours.enter_context(shared_out(tasks, workers))
                return
        yield (part for task in tasks for part in do(task))
