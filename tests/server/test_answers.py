"""What the API answers is what the command line prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from cli.made_up import metric
from server.served import AGGREGATIONS, rows
from tachograph.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.served import Served

    Printed = Callable[..., str]


@pytest.fixture
def printed(served: Served, capsys: pytest.CaptureFixture[str]) -> Printed:
    def of(*arguments: str) -> str:
        capsys.readouterr()
        served.tenants.close()  # in one process a store is open once
        assert main([*arguments, "--home", str(served.home), "--no-ingest"]) == 0
        return capsys.readouterr().out

    return of


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_an_aggregation_is_byte_for_byte_what_the_command_prints(served: Served, printed: Printed, name: str) -> None:
    answer = served.get(f"/api/v1/aggregations/{name}")
    assert answer.status_code == 200
    assert answer.text == printed(name, "--json", "--timezone", "UTC")


OPTIONS = (
    ("daily", {"since": "2026-03-05", "until": "2026-03-09", "timezone": "Asia/Kathmandu", "fill": "true"}),
    ("hourly", {"since": "2026-03-05T10:30", "tool": ["Bash", "Read"]}),
    ("sessions", {"order": "-tokens", "limit": "3"}),
    ("tools", {"order": "count", "user": "ana", "project": "/srv/web shop"}),
    ("models", {"type": "token_usage", "until": "2026-03-20T00:00:00+02:00"}),
    ("users", {"error": "Timeout"}),
)


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_options_mean_what_they_mean_on_the_command_line(
    served: Served, printed: Printed, name: str, options: dict[str, str | list[str]]
) -> None:
    words = [
        word
        for option, said in ({"timezone": "UTC"} | options).items()
        for value in (said if isinstance(said, list) else [said])
        for word in ([f"--{option}"] if value == "true" else [f"--{option}", value])
    ]
    answer = served.get(f"/api/v1/aggregations/{name}", params=options)
    assert answer.text == printed(name, "--json", *words)


def test_the_summary_is_what_the_command_prints(served: Served, printed: Printed) -> None:
    assert served.get("/api/v1/summary").text == printed("summary", "--json", "--timezone", "UTC")


def test_insights_are_what_the_command_prints(served: Served, printed: Printed) -> None:
    answer = served.get("/api/v1/insights", params={"until": "2026-03-31", "sensitivity": "high"})
    said = printed("insights", "--json", "--timezone", "UTC", "--until", "2026-03-31", "--sensitivity", "high")
    shown, told = answer.json(), json.loads(said)
    for one in told["insights"]:
        one["command"] = one["command"].removesuffix(f" --home {served.home}")
    assert shown == told


QUERIES: tuple[tuple[dict[str, str | list[str]], list[str]], ...] = (
    ({}, []),
    ({"by": "day,tool", "measures": "count,cost_usd"}, ["--by", "day,tool", "-m", "count,cost_usd"]),
    ({"by": ["tool", "user"], "limit": "2"}, ["--by", "tool,user", "--limit", "2"]),
    ({"where": ["duration_ms>=500", "tool^=B"]}, ["--where", "duration_ms>=500 and tool^=B"]),
    (
        {"by": "week", "since": "2026-03-08", "until": "2026-03-21", "compare": "previous", "week_start": "sunday"},
        [
            *("--by", "week", "--since", "2026-03-08", "--until", "2026-03-21", "--compare", "previous"),
            *("--week-start", "sunday"),
        ],
    ),
    ({"by": "tool", "limit": "1", "other": "true", "error": "x"}, ["--by", "tool", "--top", "1", "--error", "x"]),
)


@pytest.mark.parametrize(("asked", "options"), QUERIES)
def test_a_query_is_what_the_command_prints(
    served: Served, printed: Printed, asked: dict[str, str | list[str]], options: list[str]
) -> None:
    answer = served.get("/api/v1/query", params=asked)
    assert answer.text == printed("query", "--json", "--timezone", "UTC", *options)


def test_a_query_document_says_the_same_as_parameters(served: Served) -> None:
    document = {"by": ["tool"], "where": {"field": "duration_ms", "at_least": 500}, "limit": 3, "other": True}
    asked = {"by": "tool", "where": "duration_ms>=500", "limit": "3", "other": "true"}
    assert served.post(document).text == served.get("/api/v1/query", params=asked).text


def test_csv_is_what_the_command_prints(served: Served, printed: Printed) -> None:
    answer = served.get("/api/v1/query", params={"by": "tool", "measures": "count,duration_avg", "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    said = printed("query", "--csv", "--timezone", "UTC", "--by", "tool", "-m", "count,duration_avg")
    assert answer.text == said


def test_a_session_is_found_by_its_id_whatever_signs_that_has(served: Served) -> None:
    odd = "s/with?odd&signs#"
    answer = served.get(f"/api/v1/sessions/{quote(odd, safe='')}").json()
    assert [row["session_id"] for row in answer["time_series"]] == [odd]
    assert answer == served.get("/api/v1/aggregations/sessions", params={"session": odd}).json()


def test_the_values_of_a_dimension_are_the_most_used_first(served: Served) -> None:
    found = served.get("/api/v1/values/tool").json()
    tools = served.get("/api/v1/aggregations/tools").json()["time_series"]
    assert found["values"] == [{"value": tool["tool"], "count": tool["count"]} for tool in tools]
    assert not found["truncated"]
    first = served.get("/api/v1/values/tool", params={"limit": "2"}).json()
    assert (first["values"], first["truncated"]) == (found["values"][:2], True)


def test_values_can_be_narrowed_and_errors_go_by_either_name(served: Served) -> None:
    asked = {"since": "2026-03-10", "project": "/srv/api"}
    kinds = served.get("/api/v1/values/error_type", params=asked).json()["values"]
    assert served.get("/api/v1/values/error", params=asked).json()["values"] == kinds
    everything = served.get("/api/v1/values/error").json()["values"]
    assert sum(one["count"] for one in kinds) < sum(one["count"] for one in everything)


def test_sources_say_how_much_there_is_and_from_when(own: Served) -> None:
    own.load([metric("a", "2026-03-01T09:00:00Z"), metric("b", "2026-03-02T09:00:00.5Z"), "{nonsense"])
    assert own.get("/api/v1/sources", params={"timezone": "Europe/Rome"}).json() == {
        "sources": [
            {
                "name": "metrics-log",
                "metrics": 2,
                "lines_rejected": 1,
                "first": "2026-03-01T10:00:00+01:00",
                "last": "2026-03-02T10:00:00.500000+01:00",
            }
        ]
    }


def test_where_there_is_no_store_the_answers_are_empty_and_none_is_made(own: Served) -> None:
    for name in AGGREGATIONS:
        answer = own.get(f"/api/v1/aggregations/{name}").json()
        assert (answer["total_metrics"], answer["time_series"]) == (0, [])
    assert own.get("/api/v1/summary").json()["daily"]["total_sessions"] == 0
    assert own.get("/api/v1/query", params={"by": "tool"}).json()["rows"] == []
    assert own.get("/api/v1/insights").json()["insights"] == []
    assert own.get("/api/v1/sources").json() == {"sources": []}
    assert own.get("/api/v1/values/tool").json()["values"] == []
    assert own.get("/api/v1/sessions/s1").status_code == 404
    assert list(own.home.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "order"), [("sessions", "-tokens"), ("tools", None), ("daily", None), ("users", "errors")]
)
def test_pages_together_are_the_whole(served: Served, name: str, order: str | None) -> None:
    asked = {"order": order} if order else {}
    whole = served.get(f"/api/v1/aggregations/{name}", params=asked).json()
    address = f"/api/v1/aggregations/{name}?limit={1 if name == 'users' else 4}" + (f"&order={order}" if order else "")
    pages = served.pages(address)
    assert len(pages) > 1
    assert rows(pages) == whole["time_series"]
    assert all(page["total_metrics"] == whole["total_metrics"] for page in pages)


@pytest.mark.parametrize("by", ["session", "day", "day,tool"])
def test_pages_of_a_query_are_the_whole(served: Served, by: str) -> None:
    whole = served.get("/api/v1/query", params={"by": by}).json()
    pages = served.pages(f"/api/v1/query?by={by}&page_size=7")
    assert rows(pages, "rows") == whole["rows"]
    assert all({**page, "rows": 0} == {**whole, "rows": 0} for page in pages)


def test_a_page_of_a_moving_range_stays_with_the_first_one(served: Served) -> None:
    first = served.get("/api/v1/query?by=session&range=last 20 years&page_size=2")
    second = served.get(first.links["next"]["url"])
    assert second.status_code == 200
    assert second.json()["start"] == first.json()["start"]


def test_how_many_rows_there_are_is_told_where_it_is_known(served: Served) -> None:
    whole = served.get("/api/v1/aggregations/sessions").json()
    page = served.get("/api/v1/aggregations/sessions?limit=2")
    assert page.headers["x-total-count"] == str(len(whole["time_series"]))


def test_me_says_who_asks(own: Served) -> None:
    assert own.get("/api/v1/me").json() == {"tenant": "default", "scopes": ["admin", "read", "write"]}
    key = own.key("write", tenant="acme")
    assert own.get("/api/v1/me", key).json() == {"tenant": "acme", "scopes": ["write"]}


def test_head_says_what_get_would(served: Served) -> None:
    whole, head = (served.ask(method, "/api/v1/aggregations/tools") for method in ("GET", "HEAD"))
    assert head.content == b""
    assert head.headers == whole.headers
