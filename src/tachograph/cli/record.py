"""`tachograph record`: appends a metric of a script's own to a metrics log, or those that stdin has as JSON Lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tachograph.cli.options import Parser, add_home
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from tachograph.cli.record_values import Given
    from tachograph.recorder.recorder import Recorder

_EXAMPLES: Final = (
    "tachograph record tool_use tool_name=make duration_ms=412.5 success=true session_id=nightly ticket=ABC-1",
    "tachograph record error_occurred error_type=timeout --metadata host=$(hostname)",
    "tachograph record --stdin < metrics.jsonl",
)
_TOLD_MAX: Final = 20
_ROTATE_BYTES: Final = 64 << 20
_ROTATE_SECONDS: Final = 86_400.0


def run(command: str, arguments: Sequence[str]) -> int:
    """Records what is given, and says nothing of it unless asked; 2 where some line of stdin was no metric."""
    parser = Parser(
        command,
        usage="tachograph record TYPE [KEY=VALUE …] [options]  |  tachograph record --stdin [options]",
        description="Records a metric, in a log that every question finds by itself. session_id, user_id, id and\n"
        "timestamp are the metric's own; every other key goes into its data, as JSON where it is such.",
        examples=_EXAMPLES,
    )
    parser.add_argument("type", metavar="TYPE", nargs="?", help="what kind of metric it is, such as tool_use")
    parser.add_argument("pairs", metavar="KEY=VALUE", nargs="*", help="its fields: tool_name=make success=true")
    parser.add_argument(
        "--metadata", metavar="KEY=VALUE", action="append", default=[], help="beside the data; repeat it"
    )
    parser.add_argument("--stdin", action="store_true", help="read metrics from stdin, a JSON object a line")
    parser.add_argument(
        "--folder", metavar="FOLDER", help="of the log (else the first of TACHOGRAPH_METRICS, else beside the store)"
    )
    add_home(parser)
    parser.add_argument(
        "--durability", choices=("flushed", "synced"), default="flushed",
        help="flushed (unless said): it outlives this process; synced: it is on the disk",
    )  # fmt: skip
    parser.add_argument("--print-id", action="store_true", help="print the metric's id")
    options = parser.parse_intermixed_args(arguments)
    if options.stdin and (options.type or options.metadata):
        parser.error("--stdin takes no metric besides")
    if not options.stdin and options.type is None:
        parser.error("which type? such as tool_use; or --stdin")
    return _record_stdin(options) if options.stdin else _record_one(options)


def _record_one(options: Namespace) -> int:
    """Appends one line, without the machinery that a recorder has for many."""
    from tachograph.cli.record_values import metric_of_pairs
    from tachograph.recorder.lines import exact_line
    from tachograph.recorder.log import Log
    from tachograph.recorder.stamps import next_id, now

    given = metric_of_pairs(options.type, options.pairs, options.metadata)
    identifier = given.id or next_id()
    line = exact_line(
        identifier, given.timestamp or now(), given.type, given.session_id, given.user_id, given.data, given.metadata
    )
    log = Log(_folder(options), rotate_bytes=_ROTATE_BYTES, rotate_seconds=_ROTATE_SECONDS)
    try:
        log.append(line)
        if options.durability == "synced":
            log.sync()
    finally:
        log.close()
    if options.print_id:
        print(identifier)
    return 0


def _record_stdin(options: Namespace) -> int:
    """Records the good lines and tells the others, with their numbers."""
    from tachograph.cli.record_values import LINE_BYTES_MAX, metric_of_line
    from tachograph.metric import Refused
    from tachograph.report.printable import printable

    troubles: list[str] = []
    refused = 0
    recorder = _recorder(options, troubles)
    try:
        for number, line in enumerate(_lines(sys.stdin.buffer, LINE_BYTES_MAX), 1):
            if line.isspace() and len(line) < LINE_BYTES_MAX:
                continue
            try:
                identifier = _record(recorder, metric_of_line(line))
            except (Refused, TachographError) as error:
                refused += 1
                if refused <= _TOLD_MAX:
                    what = error.what if isinstance(error, TachographError) else str(error)
                    print(f"tachograph: line {number} of stdin: {printable(what)}", file=sys.stderr)
                continue
            if options.print_id:
                print(identifier)
    finally:  # whoever reads the ids may have gone, and the process ends without more ado
        if options.durability == "synced":
            recorder.sync()
        recorder.close()
    _check_written(recorder, troubles)
    if refused > _TOLD_MAX:
        print(f"tachograph: … and {refused - _TOLD_MAX} more lines of stdin that are no metrics", file=sys.stderr)
    return 2 if refused else 0


def _lines(stdin: BinaryIO, most: int) -> Iterator[bytes]:
    """Each line; of one that is longer only so many bytes, so that no more of it is ever in memory."""
    while line := stdin.readline(most):
        rest = line
        while not rest.endswith(b"\n") and (rest := stdin.readline(most)):
            pass
        yield line


def _folder(options: Namespace) -> Path:
    import os

    from tachograph.folders import metrics_folders, named_folder

    if options.folder:
        return named_folder(options.folder)
    return metrics_folders({**os.environ, "TACHOGRAPH_HOME": options.home} if options.home else os.environ)[0]


def _recorder(options: Namespace, troubles: list[str]) -> Recorder:
    import logging

    from tachograph.recorder.recorder import Recorder

    logging.getLogger("tachograph").addHandler(logging.NullHandler())  # trouble is told once, at the end
    return Recorder(_folder(options), rotate_bytes=_ROTATE_BYTES, compress=None, on_trouble=troubles.append)


def _record(recorder: Recorder, given: Given) -> str:
    return recorder.record(
        given.type, given.data, id=given.id, timestamp=given.timestamp,
        session_id=given.session_id, user_id=given.user_id, metadata=given.metadata,
    )  # fmt: skip


def _check_written(recorder: Recorder, troubles: list[str]) -> None:
    """Raises `TachographError` where not all is written."""
    status = recorder.status()
    lost = status.waiting + status.dropped
    if lost or status.trouble:
        why = status.trouble or (troubles[-1] if troubles else "writing failed")
        raise TachographError(
            f"{why}: {lost} of {status.recorded} weren't recorded",
            where=str(recorder.folder),
            mend="choose another with --folder",
        )
