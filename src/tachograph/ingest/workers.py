"""Doing tasks in several processes, because parsing holds Python's lock.

Workers are plain child processes of this interpreter, that get pickled tasks on stdin and give pickled parts on
stdout: unlike `multiprocessing`, that neither forks a process which has threads nor imports the caller's main module.
"""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from queue import Empty, Queue, SimpleQueue
from typing import IO, TYPE_CHECKING, Any, Final

from tachograph.errors import TachographError
from tachograph.ingest.tasks import Task, TaskPart, do
from tachograph.interpreter import module_environment, program_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PARTS_AHEAD: Final = 12
"""How many results may wait while one is stored: enough to keep the workers busy, few enough to fit in memory."""
_LENGTH: Final = struct.Struct("<Q")
_PROGRAM: Final = """
from tachograph.bare import import_msgspec
import_msgspec()
from tachograph.ingest.workers import main
main()
"""
"""What a worker runs."""


Worker = subprocess.Popen[bytes]


@contextmanager
def hired() -> Iterator[list[Worker]]:
    """Processes that wait for tasks, one for each core; none where there is but one core."""
    count = min(os.cpu_count() or 1, 8)
    workers = [_start() for _ in range(count)] if count > 1 and sys.executable else []
    try:
        yield workers
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            _bury(worker)


@contextmanager
def shared_out(tasks: Sequence[Task], workers: Sequence[Worker]) -> Iterator[Iterator[TaskPart]]:
    """Every task's parts, those of one task in order, the tasks in any, from workers that begin at once.

    A thread for each keeps it busy, and empties its pipe while what it gave before is stored.
    """
    parts: Queue[TaskPart | TachographError | None] = Queue(_PARTS_AHEAD)
    waiting: SimpleQueue[Task] = SimpleQueue()
    for task in tasks:
        waiting.put(task)
    stopped = threading.Event()
    threads = [threading.Thread(target=_keep_busy, args=(worker, waiting, parts, stopped)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield _until_all_are_done(parts, len(workers))
    finally:
        stopped.set()
        for worker in workers:
            worker.kill()
        while any(thread.is_alive() for thread in threads):
            with suppress(Empty):  # a thread may be waiting for room
                parts.get(timeout=0.01)


def _until_all_are_done(parts: Queue[TaskPart | TachographError | None], left: int) -> Iterator[TaskPart]:
    while left:
        part = parts.get()
        if part is None:
            left -= 1
        elif isinstance(part, TachographError):
            raise part
        else:
            yield part


def _start() -> Worker:
    from tachograph.store.memory import KEEPING_FREED  # noqa: PLC0415 - the workers themselves don't need it

    return subprocess.Popen(  # noqa: S603 - this very interpreter and module
        program_command(_PROGRAM),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=module_environment() | KEEPING_FREED,  # the memory of one block of lines serves for the next
        process_group=0,  # Ctrl-C is for the parent, which ends them: while they start, they would complain of it
    )


def _bury(worker: Worker) -> None:
    worker.wait()
    _pipe(worker.stdin).close()
    _pipe(worker.stdout).close()


def _keep_busy(
    worker: Worker,
    waiting: SimpleQueue[Task],
    parts: Queue[TaskPart | TachographError | None],
    stopped: threading.Event,
) -> None:
    """Gives a worker one task after another; ends with None, or with what went wrong."""
    given, taken = _pipe(worker.stdin), _pipe(worker.stdout)
    try:
        while not stopped.is_set():
            try:
                task = waiting.get_nowait()
            except Empty:
                break
            _send(given, task)
            done = False
            while not done:
                part: TaskPart = _read_message(taken)
                done = part.done
                parts.put(part)
        _send(given, None)
    except (EOFError, BrokenPipeError):
        parts.put(_died(worker))
    except Exception as error:  # noqa: BLE001 - whatever it is: without a word, the others would be waited for forever
        told = f"{type(error).__name__}: {error}"
        parts.put(TachographError(f"a process that read logs gave what can't be understood ({told})"))
    else:
        parts.put(None)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # both were asked for
    return pipe


def _send(pipe: IO[bytes], message: object) -> None:
    """Writes one pickled message after its length; nothing waits in a buffer afterwards."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    rest = memoryview(_LENGTH.pack(len(body)) + body)
    while rest:
        rest = rest[pipe.write(rest) :]


def _read_message(pipe: IO[bytes]) -> Any:
    """Reads one message and not a byte more, so that a selector knows of the next. `EOFError` where there is none."""
    (length,) = _LENGTH.unpack(_read_exactly(pipe, _LENGTH.size))
    return pickle.loads(_read_exactly(pipe, length))  # noqa: S301 - from our own parent or child process


def _read_exactly(pipe: IO[bytes], length: int) -> bytearray:
    buffer = bytearray(length)
    view, filled = memoryview(buffer), 0
    while filled < length:
        count = pipe.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        filled += count
    return buffer


def _died(worker: Worker) -> TachographError:
    code = worker.wait()
    return TachographError(
        f"a process that read logs ended unexpectedly (exit code {code})",
        mend="what it read is not lost: run the command again; if it was out of memory, free some",
    )


def main() -> None:
    """What a worker does: tasks in, parts out, until there are no more."""
    import gc  # noqa: PLC0415 - the worker's business alone

    gc.disable()  # the structs of a block die by reference counting; looking for cycles costs a fifth of the time
    tasks, parts = open(0, "rb", buffering=0), open(1, "wb", buffering=0)  # noqa: SIM115 - the process's own
    sys.stdout = sys.stderr
    try:
        while (task := _read_message(tasks)) is not None:
            for part in do(task):
                _send(parts, part)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(1)  # the parent has gone or is going; there is nobody to tell
    os._exit(0)  # taking apart what the system takes back at once would only cost time
