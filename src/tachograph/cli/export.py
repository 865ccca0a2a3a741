"""`tachograph export`: metrics, or the rows of any answer, as files for other programs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tachograph.cli.options import Parser, add_filters, add_place, with_order
from tachograph.cli.query_options import add_query
from tachograph.errors import TachographError
from tachograph.report.names import AGGREGATIONS
from tachograph.report.table_files import BINARY, ROW_FORMS, Content, write_rows

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from tachograph.aggregate.question import Question
    from tachograph.query.model import Query
    from tachograph.store.duckdb import Store
    from tachograph.tables import Table

_EXAMPLES: Final = (
    "tachograph export metrics --output metrics.parquet               all metrics, for another database",
    'tachograph export metrics --project . --last "7 days" --format jsonl > week.jsonl',
    "tachograph export sessions --order -cost_usd --limit 100 --output sessions.xlsx",
    "tachograph export -m cost_usd,tokens --by day,model --output models.csv",
    "tachograph export aggregates --output /var/lib/node_exporter/tachograph.prom",
    "tachograph export aggregates --to http://127.0.0.1:4318/v1/metrics",
)
_DESCRIPTION: Final = """\
Writes WHAT into a file, or to stdout, for other programs:

  metrics             each metric by itself: as JSON (Lines) in the open format, from which it can be read again
  hourly … models     the rows of an aggregation; or, with the options of a query and without WHAT, those of its answer
  aggregates          totals by type, tool, agent, model, project and user, for Prometheus or OpenTelemetry

Excel and Arrow need 'tachograph[export]'.
"""
_SUFFIXES: Final = {
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet", ".arrow": "arrow",
    ".arrows": "arrow", ".xlsx": "xlsx", ".prom": "prometheus",
}  # fmt: skip
_WHAT: Final = ("metrics", "aggregates", *AGGREGATIONS)
_AGGREGATES: Final = ("prometheus", "otlp")
_FORMATS: Final = (*ROW_FORMS, *_AGGREGATES)
_OF_ANSWERS: Final = {"measures": "--measure", "by": "--by", "top": "--top", "other": "--other", "rolling": "--rolling"}


def run(command: str, arguments: Sequence[str]) -> int:
    """Writes what was asked for."""
    parser = _parser(command)
    options = parser.parse_args(with_order(arguments))
    what = _what(parser, options)
    form = _form(parser, options, what)
    from tachograph.cli.answering import opened

    asked = _asked(options, what)
    remarks: list[str] = []
    with opened(options, remarks) as store:
        if what == "aggregates":
            _tell_aggregates(store, asked, options, form)
        else:
            _write(_writing(store, asked, what, form), options.output)
        if what == "metrics":
            from tachograph.query.singles import LEFT_OUT, leave_any_out

            remarks += [LEFT_OUT] if leave_any_out(store) else []
    for line in remarks:
        print(line, file=sys.stderr)
    return 0


def _parser(command: str) -> Parser:
    parser = Parser(
        command, usage="tachograph export [WHAT] [options]", description=_DESCRIPTION.rstrip(), examples=_EXAMPLES
    )
    parser.words = _WHAT
    parser.add_argument("what", metavar="WHAT", nargs="?", help="metrics, aggregates, or an aggregation such as daily")
    form = parser.add_argument_group("the file")
    form.add_argument("--format", choices=_FORMATS, help="else by the file's name, else jsonl")
    form.add_argument("-o", "--output", metavar="FILE", help="into this file, instead of stdout")
    form.add_argument("--to", metavar="URL", help="sends aggregates to an OpenTelemetry collector (OTLP over HTTP)")
    add_query(parser)
    add_filters(parser)
    add_place(parser)
    return parser


def _what(parser: Parser, options: Namespace) -> str:
    known = ", ".join(_WHAT)
    if options.what is not None and options.what not in _WHAT:
        parser.error(f"there is nothing called {options.what!r} to export; known are {known}")
    asked = [option for name, option in _OF_ANSWERS.items() if getattr(options, name) is not None]
    if options.what is None and not (asked or options.file):
        parser.error(f"say what is to be exported: {known}, or a query's --measure and --by")
    if options.what is not None and asked:
        parser.error(f"{asked[0]} goes with a query, not with {options.what}")
    if options.what not in {None, "metrics"} and (options.where or options.file):
        parser.error(
            f"{'--where' if options.where else '--file'} goes with metrics or a query, not with {options.what}"
        )
    if options.what in {"metrics", "aggregates"} and (options.order or options.limit or options.fill):
        parser.error(f"--order, --limit and --fill go with rows, not with {options.what}")
    return str(options.what or "query")


def _form(parser: Parser, options: Namespace, what: str) -> str:
    form = options.format
    if options.to is not None:
        if what != "aggregates" or options.output is not None or form not in {None, "otlp"}:
            parser.error("--to goes with aggregates, which it sends as OTLP, and without --output")
        return "otlp"
    if form is None and options.output is not None:
        form = _SUFFIXES.get(Path(options.output).suffix.lower())
        if form is None:
            known = ", ".join(dict.fromkeys(_SUFFIXES))
            parser.error(f"--output {options.output}: name a format with --format, or a file that ends in {known}")
    form = form or ("prometheus" if what == "aggregates" else "jsonl")
    if (form in _AGGREGATES) != (what == "aggregates"):
        parser.error(f"{what} can't be had as {form}; aggregates are for prometheus and otlp, rows for the others")
    if form in BINARY and options.output is None and sys.stdout is not None and sys.stdout.isatty():
        parser.error(f"{form} is nothing for a terminal: name a file with --output")
    return str(form)


class _Asked(NamedTuple):
    """What was asked: its range, its filters and its zone as a query, and the questions, where it is aggregations."""

    query: Query
    questions: list[Question]


def _asked(options: Namespace, what: str) -> _Asked:
    if what in {"query", "metrics"}:
        from tachograph.cli.query_asking import ask_query

        return _Asked(ask_query(options), [])
    from tachograph.aggregate.question import AggregationType
    from tachograph.cli.range_asking import ask_aggregations

    aggregates = (AggregationType.DAILY, AggregationType.BY_PROJECT, AggregationType.BY_USER)
    return _Asked(*ask_aggregations(aggregates if what == "aggregates" else [AGGREGATIONS[what][0]], options))


def _writing(store: Store, asked: _Asked, what: str, form: str) -> Callable[[BinaryIO], None]:
    """What writes the rows."""
    query = asked.query
    if what == "metrics":
        from tachograph.query.metrics import METRIC_COLUMNS, columns_alone, copy_metrics, metric_rows, open_form

        content = Content(
            columns=METRIC_COLUMNS,
            portions=metric_rows(store, query),
            row=columns_alone,
            document=open_form,
            copy=lambda path: copy_metrics(store, query, path),
            about={"what": "metrics", "times": "UTC"},
        )
        return lambda stream: write_rows(form, content, stream)
    table, document = _answered(store, asked)
    if form == "json":
        from tachograph.report.documents import as_json

        return _of_bytes(as_json(document()).encode())
    content = _content(table, what, query)
    return lambda stream: write_rows(form, content, stream)


def _content(table: Table, what: str, query: Query) -> Content:
    from tachograph.report.zones import zone_name

    names = [name for name, _ in table.columns]
    return Content(
        columns=table.columns,
        portions=[table.rows],
        document=lambda row: dict(zip(names, row, strict=True)),
        about={"what": what, "times": zone_name(query.zone)},
    )


def _answered(store: Store, asked: _Asked) -> tuple[Table, Callable[[], Any]]:
    """The rows of an answer, and all of it as a document."""
    if asked.questions:
        from tachograph.aggregate.compute import compute

        result = compute(store, asked.questions[0])
        return result.to_table(), result.to_dict
    from tachograph.query.run import run as answer
    from tachograph.report.query_document import query_document

    found = answer(store, asked.query)
    return found.to_table(), lambda: query_document(found)


def _tell_aggregates(store: Store, asked: _Asked, options: Namespace, form: str) -> None:
    from tachograph.aggregate.compute import compute
    from tachograph.report.monitored import families

    days, projects, users = (compute(store, one) for one in asked.questions)
    told, are_counters = families(days, projects, users), asked.query.start is None and asked.query.end is None
    if form == "prometheus":
        from tachograph.report.as_prometheus import prometheus

        content = prometheus(told, are_counters=are_counters).encode()
    else:
        from tachograph.report.as_otlp import otlp_metrics
        from tachograph.report.documents import as_json
        from tachograph.report.table_arrow import microseconds

        begun = days.start_time
        now_us = time.time_ns() // 1000
        start_us = now_us if begun is None else microseconds(begun)
        content = as_json(otlp_metrics(told, are_counters=are_counters, start_us=start_us, now_us=now_us)).encode()
    if options.to is None:
        _write(_of_bytes(content), options.output)
        return
    from tachograph.posting import post

    post(options.to, content)


def _of_bytes(content: bytes) -> Callable[[BinaryIO], None]:
    def write(stream: BinaryIO) -> None:
        stream.write(content)

    return write


def _write(write: Callable[[BinaryIO], None], output: str | None) -> None:
    if output is not None:
        from tachograph.cli.output import whole_file

        with whole_file(Path(output)) as half, half.open("wb") as stream:
            write(stream)
        return
    if sys.stdout is None:
        raise TachographError("there is no stdout to write to", mend="name a file with --output")
    sys.stdout.flush()
    write(sys.stdout.buffer)
    sys.stdout.buffer.flush()
