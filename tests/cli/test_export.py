"""`tachograph export`: metrics, rows and aggregates as files that their own libraries read."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from python_calamine import CalamineWorkbook

from cli.made_up import metric, write_log
from hostile import NAMES, history
from receiver import Receiver
from tachograph.report.names import AGGREGATIONS
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.conftest import Command

ODD = metric("odd", "2026-03-04T10:00:00+02:00", "performance", operation="index", duration_ms=1.5, cost_usd=0.25, more={"deep": [1, None]})  # fmt: skip


@pytest.fixture
def exported(log: Path, tmp_path: Path, tachograph: Command) -> Path:
    """A folder with the metrics of a log in every form."""
    write_log(log, ODD, name="metrics_20260304_000000.jsonl")
    for form in ("json", "jsonl", "csv", "parquet", "arrow", "xlsx"):
        said = tachograph("export", "metrics", "--output", tmp_path / f"metrics.{form}")
        assert (said.code, said.out, said.err) == (0, "", "")
    return tmp_path


def test_metrics_as_lines_are_a_metrics_log_again(log: Path, tmp_path: Path, tachograph: Command) -> None:
    write_log(log, ODD, name="metrics_20260304_000000.jsonl")
    again = tmp_path / "again" / "metrics_20260301_000000.jsonl"
    again.parent.mkdir()
    again.write_text(tachograph("export", "metrics").out, encoding="utf-8")
    for command in AGGREGATIONS:
        first = tachograph(command, "--json").out
        tachograph("ingest", again, "--home", tmp_path / "other")
        assert tachograph(command, "--json", "--no-ingest", "--home", tmp_path / "other").out == first


def test_a_line_has_all_that_the_metric_has_and_whose_it_is(exported: Path) -> None:
    lines = [json.loads(line) for line in (exported / "metrics.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == ["a1", "a2", "a3", "a4", "a5", "b1", "b2", "b3", "b4", "odd"]
    assert lines[-1] == {
        "id": "odd",
        "timestamp": "2026-03-04T08:00:00.000000+00:00",
        "type": "performance",
        "session_id": "s1",
        "user_id": "ana",
        "data": {
            "operation": "index", "project_path": "/srv/api", "duration_ms": 1.5, "cost_usd": 0.25,
            "more": {"deep": [1, None]},
        },
        "metadata": {},
    }  # fmt: skip
    assert json.loads((exported / "metrics.json").read_text()) == lines


def test_parquet_and_arrow_have_the_same_rows_and_types(exported: Path) -> None:
    table = pa.parquet.read_table(exported / "metrics.parquet")
    types = {field.name: field.type for field in table.schema}
    assert types["timestamp"] == pa.timestamp("us", tz="UTC")
    assert types["success"] == pa.bool_()
    assert types["token_count"] == types["input_tokens"] == pa.int64()
    assert types["duration_ms"] == types["cost_usd"] == pa.float64()
    assert types["tool_name"] == pa.string()
    with pa.ipc.open_stream(exported / "metrics.arrow") as stream:
        other = stream.read_all()
    assert table.sort_by("id").to_pylist() == other.sort_by("id").to_pylist()
    assert table.num_rows == 10


def test_csv_has_the_same_rows(exported: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((exported / "metrics.csv").read_bytes().decode(), newline="")))
    assert (rows[2]["tool_name"], rows[2]["duration_ms"], rows[2]["success"]) == ("Bash", "500.0", "false")
    assert rows[-1]["extra"] == '{"more":{"deep": [1, null]}}'


def cells(path: Path, sheet: str = "rows") -> list[list[Any]]:
    """The cells of a sheet, each as the type that it has."""
    with CalamineWorkbook.from_path(str(path)) as book:
        return book.get_sheet_by_name(sheet).to_python()


def test_a_workbook_has_moments_numbers_flags_and_texts(exported: Path) -> None:
    title, *rows = cells(exported / "metrics.xlsx")
    row = dict(zip(title, rows[2], strict=True))
    assert row["timestamp"] == datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001 - Excel knows no zone
    assert row["success"] is False
    assert (row["tool_name"], row["duration_ms"], row["model"]) == ("Bash", 500.0, "")
    assert cells(exported / "metrics.xlsx", "about") == [["what", "metrics"], ["times", "UTC"]]


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setattr("tachograph.report.table_excel._ROWS_MAX", 4)
    tachograph("export", "metrics", "-o", tmp_path / "m.xlsx")
    with CalamineWorkbook.from_path(str(tmp_path / "m.xlsx")) as book:
        assert book.sheet_names == ["rows", "rows 2", "rows 3", "about"]
        assert [len(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names[:3]] == [5, 5, 2]


@pytest.mark.parametrize("command", AGGREGATIONS)
def test_the_rows_of_an_answer_are_those_of_its_command(command: str, log: Path, tachograph: Command) -> None:
    document = tachograph(command, "--json").document
    assert tachograph("export", command, "--format", "json").document == document
    lines = [json.loads(line) for line in tachograph("export", command).out.splitlines()]
    assert [{name: row[name] for name in lines[0]} for row in document["time_series"]] == lines


def test_counts_by_name_are_a_map_in_parquet(log: Path, tmp_path: Path, tachograph: Command) -> None:
    tachograph("export", "users", "-o", tmp_path / "users.parquet")
    table = pa.parquet.read_table(tmp_path / "users.parquet")
    assert table.column("tool_uses").to_pylist() == [[("Bash", 2), ("Read", 1)], []]


def test_the_answer_of_a_query(log: Path, tachograph: Command) -> None:
    asked = ("-m", "count,duration_p50", "--by", "tool", "--where", "duration_ms>0")
    assert tachograph("export", *asked, "--format", "csv").out == tachograph("query", *asked, "--csv").out
    assert tachograph("export", *asked, "--format", "json").document == tachograph("query", *asked, "--json").document
    assert json.loads(tachograph("export", *asked).out.splitlines()[0]) == {"tool": "Bash", "count": 2, "duration_p50": 1500.0}  # fmt: skip


def test_metrics_may_be_narrowed_by_range_filters_and_conditions(log: Path, tachograph: Command) -> None:
    def ids(*options: str) -> list[str]:
        return [json.loads(line)["id"] for line in tachograph("export", "metrics", *options).out.splitlines()]

    assert ids("--since", "2026-03-01T09:30", "--until", "2026-03-02") == ["a3", "a4", "a5"]
    assert ids("--project", "/srv/web", "--type", "error_occurred") == ["b3"]
    assert ids("--where", "duration_ms>=1000 and hour_of_day=9") == ["a2"]
    assert ids("--where", "tool=none") == []


def test_nothing_is_a_file_with_columns(log: Path, tmp_path: Path, tachograph: Command) -> None:
    for form in ("csv", "parquet", "arrow", "xlsx", "json", "jsonl"):
        assert tachograph("export", "metrics", "--tool", "none", "-o", tmp_path / f"none.{form}").code == 0
    assert (tmp_path / "none.csv").read_text().count("\n") == 1
    assert pa.parquet.read_table(tmp_path / "none.parquet").num_columns == 28
    assert pa.ipc.open_stream(tmp_path / "none.arrow").read_all().num_columns == 28
    assert len(cells(tmp_path / "none.xlsx")[0]) == 28
    assert json.loads((tmp_path / "none.json").read_text()) == []


def test_a_hostile_history_is_data_in_every_form(log: Path, tmp_path: Path, tachograph: Command) -> None:
    write_log(log, *history())
    for form in ("csv", "parquet", "arrow", "xlsx", "jsonl"):
        for what in ("metrics", "tools"):
            tachograph("export", what, "-o", tmp_path / f"{what}.{form}")
    assert set(pa.parquet.read_table(tmp_path / "metrics.parquet").column("tool_name").to_pylist()) == set(NAMES)
    assert set(pa.ipc.open_stream(tmp_path / "tools.arrow").read_all().column("tool").to_pylist()) == set(NAMES)
    lines = (tmp_path / "metrics.jsonl").read_bytes()
    assert lines.isascii()
    assert {json.loads(line)["data"]["tool_name"] for line in lines.splitlines()} == set(NAMES)
    for cell in (
        cell
        for row in csv.reader(io.StringIO((tmp_path / "metrics.csv").read_bytes().decode(), newline=""))
        for cell in row
    ):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell.isprintable()
    with CalamineWorkbook.from_path(str(tmp_path / "metrics.xlsx")) as book:
        assert not [row for row in book.get_sheet_by_name("rows").to_python() if "=1+1" in row and 2 in row]
    assert b"<f>" not in unpacked(tmp_path / "metrics.xlsx")
    assert b"hyperlink" not in unpacked(tmp_path / "metrics.xlsx")


def unpacked(path: Path) -> bytes:
    from zipfile import ZipFile  # noqa: PLC0415 - here alone

    with ZipFile(path) as book:
        return b"".join(book.read(name) for name in book.namelist() if "worksheets" in name)


def test_aggregates_are_counters_of_prometheus_over_all_and_gauges_over_a_range(
    log: Path, tmp_path: Path, tachograph: Command
) -> None:
    write_log(log, *history())
    found = {each.name: each for each in text_string_to_metric_families(tachograph("export", "aggregates").out)}
    assert found["tachograph_metrics"].type == "counter"
    tools = {sample.labels["tool"] for sample in found["tachograph_tool_calls"].samples}
    assert tools == {printable(name) for name in NAMES}
    (total,) = found["tachograph_sessions"].samples
    assert (total.name, total.value) == ("tachograph_sessions_total", len(NAMES))
    tachograph("export", "aggregates", "--since", "2026-03-02", "-o", tmp_path / "some.prom")
    some = {each.name: each for each in text_string_to_metric_families((tmp_path / "some.prom").read_text())}
    assert some["tachograph_errors"].type == "gauge"


def test_aggregates_are_a_request_of_otlp(log: Path, tachograph: Command) -> None:
    text = tachograph("export", "aggregates", "--format", "otlp").out
    request = json_format.Parse(text, ExportMetricsServiceRequest())
    (scope,) = request.resource_metrics[0].scope_metrics
    found = {each.name: each for each in scope.metrics}
    calls = {
        tuple(sorted((one.key, one.value.string_value) for one in point.attributes)): point.as_int
        for point in found["tachograph.tool_calls"].sum.data_points
    }
    assert calls[("outcome", "failure"), ("tool", "Bash")] == 1
    assert found["tachograph.tool_calls"].sum.is_monotonic
    assert found["tachograph.tool_duration_seconds"].sum.data_points[0].as_double == 2.0


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as there:
        yield there


def test_aggregates_are_sent_to_a_collector(log: Path, receiver: Receiver, tachograph: Command) -> None:
    said = tachograph("export", "aggregates", "--to", f"{receiver.url}/v1/metrics")
    assert (said.code, said.out) == (0, "")
    ((path, kind, body),) = receiver.got
    assert (path, kind) == ("/v1/metrics", "application/json")
    assert json_format.Parse(body, ExportMetricsServiceRequest()).resource_metrics
    receiver.status = 404
    assert "it says 404: Not Found" in tachograph.mistake("export", "aggregates", "--to", receiver.url)


MISTAKES: tuple[tuple[list[str], str], ...] = (
    ([], "say what is to be exported: metrics, aggregates, hourly"),
    (["metrix"], "there is nothing called 'metrix' to export; known are metrics"),
    (["daily", "--by", "tool"], "--by goes with a query, not with daily"),
    (["daily", "--where", "tool=x"], "--where goes with metrics or a query, not with daily"),
    (["metrics", "--limit", "3"], "--order, --limit and --fill go with rows, not with metrics"),
    (["metrics", "-o", "m.pdf"], "--output m.pdf: name a format with --format, or a file that ends in .json"),
    (["metrics", "--format", "prometheus"], "metrics can't be had as prometheus"),
    (["aggregates", "--format", "csv"], "aggregates can't be had as csv"),
    (["metrics", "--to", "http://127.0.0.1:1"], "--to goes with aggregates"),
    (["aggregates", "--to", "somewhere"], "'somewhere' is no address (such as https://example.com/hook)"),
    (["aggregates", "--to", "http://127.0.0.1:1"], "http://127.0.0.1:1: it can't be reached: "),
    (["metrics", "-o", "none/m.csv"], "No such file or directory"),
)


@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_mistakes_are_named(options: list[str], words: str, log: Path, tachograph: Command) -> None:
    said = tachograph("export", *options)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err


def test_what_no_terminal_shows_is_not_written_to_one(
    log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    said = tachograph("export", "metrics", "--format", "parquet")
    assert "parquet is nothing for a terminal: name a file with --output" in said.err


@pytest.mark.parametrize(("form", "library"), [("xlsx", "xlsxwriter"), ("arrow", "nanoarrow")])
def test_without_its_library_it_says_what_to_install(
    form: str, library: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    line = tachograph.mistake("export", "metrics", "-o", tmp_path / f"m.{form}")
    assert f"needs more than is installed: {library} (pip install 'tachograph[export]')" in line
    assert not list(tmp_path.glob("m.*"))


def test_a_time_that_excel_does_not_have_is_a_text(log: Path, tmp_path: Path, tachograph: Command) -> None:
    write_log(log, metric("old", "0900-01-01T00:00:00Z", token_count=2**60), metric("new", "2026-01-01T00:00:01Z"))
    tachograph("export", "metrics", "-o", tmp_path / "m.xlsx")
    title, old, new = cells(tmp_path / "m.xlsx")
    assert old[title.index("timestamp")] == "0900-01-01T00:00:00.000000+00:00"
    assert old[title.index("token_count")] == str(2**60)
    assert new[title.index("timestamp")] == datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC).replace(tzinfo=None)


def test_stdout_may_take_what_is_binary(log: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from tachograph.cli.main import main  # noqa: PLC0415 - beside the fixture that captures text

    assert main(["export", "tools", "--format", "parquet"]) == 0
    assert pa.parquet.read_table(io.BytesIO(capfdbinary.readouterr().out)).num_rows == 2
