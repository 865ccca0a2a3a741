"""The forms of an answer: which is chosen, and what the rows are in each."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import nanoarrow
import pytest

from cli.made_up import metric
from server.served import AGGREGATIONS, problem

if TYPE_CHECKING:
    import httpx

    from server.served import Served

ARROW = "application/vnd.apache.arrow.stream"
CHOICES = (
    (None, "application/json"),
    ("*/*", "application/json"),
    ("text/csv", "text/csv; charset=utf-8; header=present"),
    (ARROW, ARROW),
    ("text/html, text/*;q=0.5, */*;q=0.1", "text/csv; charset=utf-8; header=present"),
    ("application/json;q=0.2, text/csv;q=0.9", "text/csv; charset=utf-8; header=present"),
    ("text/csv, application/json", "application/json"),
    ("application/json;q=0, */*", "text/csv; charset=utf-8; header=present"),
    ("TEXT/CSV", "text/csv; charset=utf-8; header=present"),
    ("application/*", "application/json"),
    (";;,, ,", None),
    ("text/html", None),
    ("*/*;q=0", None),
)


@pytest.mark.parametrize(("accept", "form"), CHOICES)
def test_the_form_is_the_one_that_is_liked_best(served: Served, accept: str | None, form: str | None) -> None:
    answer = served.get("/api/v1/values/tool", headers={} if accept is None else {"Accept": accept})
    if form is None:
        assert ARROW in problem(answer, 406)["mend"]
    else:
        assert answer.headers["content-type"] == form
    assert answer.headers["vary"] == "Accept, Authorization"


def test_the_parameter_goes_before_what_is_accepted(served: Served) -> None:
    answer = served.get("/api/v1/values/tool?format=csv", headers={"Accept": "application/json"})
    assert answer.headers["content-type"].startswith("text/csv")


def test_what_has_no_rows_is_a_document_alone(served: Served) -> None:
    problem(served.get("/api/v1/summary", headers={"Accept": "text/csv"}), 406)
    problem(served.get("/api/v1/summary?format=csv"), 400)


def read_arrow(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == ARROW, answer.text
    read: list[dict[str, Any]] = nanoarrow.ArrayStream.from_readable(answer.content).read_all().to_pylist()
    return read


def as_arrow_has(name: str, value: Any) -> Any:
    """A value of the JSON form, as it reads back from Arrow's."""
    if isinstance(value, dict):
        return json.dumps(value)
    if name in {"timestamp", "week_start", "month", "start_time", "end_time", "day", "first", "last"}:
        return datetime.fromisoformat(value)
    return value


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_arrow_has_the_same_rows(served: Served, name: str) -> None:
    told = served.get(f"/api/v1/aggregations/{name}").json()["time_series"]
    read = read_arrow(served.get(f"/api/v1/aggregations/{name}?format=arrow"))
    assert read == [{key: as_arrow_has(key, value) for key, value in row.items()} for row in told]


def test_arrows_columns_have_the_types_that_are_promised(served: Served) -> None:
    answer = served.get("/api/v1/aggregations/sessions?format=arrow")
    schema = nanoarrow.ArrayStream.from_readable(answer.content).schema
    types = {field.name: str(field.type.name) for field in schema.fields}
    assert types["session_id"] == "STRING"
    assert types["start_time"] == "TIMESTAMP"
    assert types["tokens"] == types["metrics_count"] == "INT64"
    assert types["total_duration_ms"] == types["cost_usd"] == "DOUBLE"
    start = next(field for field in schema.fields if field.name == "start_time")
    assert (start.timezone, start.unit.name) == ("UTC", "MICRO")


def test_arrow_has_compared_queries_and_what_has_no_value(served: Served) -> None:
    asked = {"by": "day,tool", "measures": "count,duration_p95", "compare": "previous", "fill": "true"}
    asked |= {"since": "2026-03-10", "until": "2026-03-12"}
    told = served.get("/api/v1/query", params=asked).json()["rows"]
    read = read_arrow(served.get("/api/v1/query", params={**asked, "format": "arrow"}))
    assert [(row["tool"], row["count"], row["duration_p95"]) for row in read] == [
        (row["tool"], row["count"], row["duration_p95"]) for row in told
    ]
    assert [row["count_before"] for row in read] == [(row["previous"] or {}).get("count") for row in told]
    assert None in [row["count_before"] for row in read]


@pytest.mark.parametrize("name", [*AGGREGATIONS, "../values/tool", "../sources"])
def test_arrow_of_nothing_has_the_columns_all_the_same(own: Served, name: str) -> None:
    answer = own.get(f"/api/v1/aggregations/{name}?format=arrow")
    assert read_arrow(answer) == []
    assert len(list(nanoarrow.ArrayStream.from_readable(answer.content).schema.fields)) > 1


def test_what_64_bits_do_not_hold_can_be_had_in_other_forms(own: Served) -> None:
    own.load([metric(f"m{n}", "2026-03-01T09:00:00Z", "token_usage", token_count=2**63 - 1) for n in range(2)])
    told = problem(own.get("/api/v1/query?measures=tokens&format=arrow"), 406)
    assert "64 bits" in told["detail"]
    assert own.get("/api/v1/query?measures=tokens").json()["total"] == {"tokens": 2 * (2**63 - 1)}


def read_csv(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def test_csv_has_the_same_rows(served: Served) -> None:
    told = served.get("/api/v1/aggregations/sessions").json()["time_series"]
    read = read_csv(served.get("/api/v1/aggregations/sessions?format=csv"))
    assert [list(row) for row in read] == [list(row) for row in told]
    for row, line in zip(told, read, strict=True):
        assert json.loads(line["tool_uses"]) == row["tool_uses"]
        assert (line["session_id"], line["start_time"]) == (row["session_id"], row["start_time"])
        assert (int(line["tokens"]), float(line["cost_usd"])) == (row["tokens"], row["cost_usd"])
        assert line["tokens_at_least"] == str(row["tokens_at_least"]).lower()


def test_no_cell_of_csv_is_a_formula_or_moves_a_terminal(served: Served) -> None:
    for name in ("aggregations/tools", "values/error", "values/tool", "query?by=tool,error_type"):
        answer = served.get(f"/api/v1/{name}{'&' if '?' in name else '?'}format=csv")
        for row in csv.reader(io.StringIO(answer.text, newline="")):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        assert "\x1b" not in answer.text
    assert "'=cmd" in served.get("/api/v1/values/tool?format=csv").text
