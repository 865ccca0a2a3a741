"""`tachograph mcp`, asked by the protocol's official client."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from cli.made_up import metric, write_log
from hostile import NAMES, history
from insights.planted import LAST
from insights.planted import history as planted
from tachograph.cli.mcp import _Opening
from tachograph.mcp.fitting import CHARACTERS_MAX
from tachograph.mcp.server import server_of
from tachograph.mcp.tools import Tools
from tachograph.report.names import AGGREGATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from cli.conftest import Command

TOOLS = ["aggregate", "compare", "expensive_sessions", "explain_change", "failing_tools", "query"]
T = TypeVar("T")
RANGE = {"since": "2026-03-01", "until": "2026-03-03"}


def asked(ask: Callable[[Client], Coroutine[Any, Any, T]], *, demo: bool = False) -> T:
    """What the client gets from a server in this process."""

    async def with_client() -> T:
        opening = _Opening(Namespace(demo=demo, home=None, store=None, no_ingest=False))
        async with Client(server_of(Tools(opening, UTC))) as client:
            return await ask(client)

    return asyncio.run(with_client())


def called(tool: str, **arguments: Any) -> dict[str, Any]:
    """The answer of a tool."""
    text = text_of(tool, **arguments)
    answer: dict[str, Any] = json.loads(text)
    return answer


def text_of(tool: str, **arguments: Any) -> str:
    async def ask(client: Client) -> str:
        result = await client.call_tool(tool, arguments)
        (content,) = result.content
        assert not result.is_error, content
        assert content.type == "text"
        assert result.structured_content is None  # or all of it would be told twice
        return content.text

    return asked(ask)


def refused(tool: str, **arguments: Any) -> str:
    """What is wrong with the question."""

    async def ask(client: Client) -> str:
        result = await client.call_tool(tool, arguments)
        (content,) = result.content
        assert result.is_error
        assert content.type == "text"
        return content.text

    return asked(ask)


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(answer["columns"], row, strict=True)) for row in answer["rows"]]


def test_over_stdio_each_tool_is_listed_and_answers(log: Path) -> None:
    async def talk() -> None:
        command = StdioServerParameters(
            command=sys.executable, args=["-m", "tachograph", "mcp", "--timezone", "UTC"], env=dict(os.environ)
        )
        async with Client(stdio_client(command)) as client:
            tools = (await client.list_tools()).tools
            assert sorted(tool.name for tool in tools) == TOOLS
            for tool in tools:
                assert tool.annotations
                assert tool.annotations.read_only_hint
                assert tool.description
                assert all("description" in one or "enum" in one for one in tool.input_schema["properties"].values())
            given: dict[str, dict[str, Any]] = {
                "aggregate": {"by": "tools"}, "query": {"measures": ["count"]}, "compare": {"measures": ["count"], **RANGE},
            }  # fmt: skip
            for name in TOOLS:
                answer = await client.call_tool(name, given.get(name, RANGE))
                assert not answer.is_error, answer.content

    asyncio.run(talk())


def test_over_http_it_answers_programs_of_this_machine_alone(log: Path) -> None:
    command = [sys.executable, "-m", "tachograph", "mcp", "--http", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = re.fullmatch(r"tachograph: listening on (http://127\.0\.0\.1:\d+/mcp)\n", process.stderr.readline())
            assert told

            async def talk() -> str:
                async with Client(told[1]) as client:
                    result = await client.call_tool("query", {"measures": ["count"]})
                    (content,) = result.content
                    assert content.type == "text"
                    return content.text

            assert json.loads(asyncio.run(talk()))["totals"] == {"count": 9}
            for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
                answer = httpx.post(told[1], headers={"Accept": "application/json", **headers}, json={})
                assert answer.status_code in {403, 421}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


def test_which_tool_failed_most_last_week_and_where_is_one_call(log: Path) -> None:
    last_week = datetime.now(UTC) - timedelta(days=7)
    monday = last_week - timedelta(days=last_week.weekday())

    def call(number: int, tool: str, project: str, *, success: bool) -> str:
        time = monday.replace(hour=number % 24).isoformat()
        name = f"{tool}{project}{number}{success}"
        return metric(name, time, session=project, tool_name=tool, success=success, project_path=project)

    write_log(
        log,
        *(call(n, "Bash", "/srv/api", success=n > 6) for n in range(20)),
        *(call(n, "Bash", "/srv/web", success=n > 2) for n in range(9)),
        *(call(n, "Edit", "/srv/web", success=False) for n in range(4)),
        *(call(n, "Read", "/srv/web", success=True) for n in range(30)),
        metric("now", datetime.now(UTC).isoformat(), tool_name="Edit", success=False),
    )
    first, second = rows(called("failing_tools", range="last week"))
    assert first == {
        "tool": "Bash", "failure_count": 10, "count": 29, "success_rate": 0.655172,
        "failures_by_project": [["/srv/api", 7], ["/srv/web", 3]],
    }  # fmt: skip
    assert (second["tool"], second["failure_count"]) == ("Edit", 4)


@pytest.mark.parametrize("by", AGGREGATIONS)
def test_an_aggregation_has_the_rows_of_its_command(by: str, log: Path, tachograph: Command) -> None:
    answer, document = called("aggregate", by=by), tachograph(by, "--json").document
    assert [row[answer["columns"][0]] for row in rows(answer)] == [
        row[answer["columns"][0]] for row in document["time_series"]
    ]
    assert answer["totals"]["total_metrics"] == 9
    assert called("aggregate", by=by, user=["ben"])["totals"]["total_metrics"] == 4


def test_a_query_and_a_comparison(log: Path) -> None:
    answer = called("query", measures=["count"], by=["tool"], where="duration_ms>=500", order=["-tool"])
    assert (answer["rows"], answer["totals"]) == ([["Bash", 2]], {"count": 3})
    compared = called("compare", measures=["count"], since="2026-03-02", until="2026-03-03")
    assert (compared["totals"], compared["totals_before"]) == ({"count": 5}, {"count": 4})


def test_expensive_sessions_say_whose_they_are(log: Path) -> None:
    write_log(
        log,
        metric(
            "1", "2026-03-01T10:00:00Z", "token_usage", "dear", "ana", project_path="/srv/api", model="m1", cost_usd=5
        ),
        metric("2", "2026-03-01T10:01:00Z", "token_usage", "dear", "ana", model="m2", cost_usd=1),
        metric("3", "2026-03-01T10:02:00Z", "token_usage", "dear", "ana", model="m2", cost_usd=1),
        metric("4", "2026-03-01T10:00:00Z", "token_usage", "cheap", "ben", cost_usd=1),
    )
    first, second = rows(called("expensive_sessions"))
    assert (first["session"], first["project"], first["user"], first["model"], first["cost_usd"]) == ("dear", "/srv/api", "ana", "m2", 7)  # fmt: skip
    assert (second["session"], second["project"]) == ("cheap", None)


def test_a_change_is_explained(log: Path) -> None:
    write_log(log, *planted({(LAST, "/srv/api"): {"failing": {"Bash", "Read"}}}))
    (insight,) = called("explain_change", since="2026-04-18", until="2026-04-24")["insights"]
    assert (insight["measure"], insight["project"]) == ("tool_failure_rate", "/srv/api")
    assert insight["explanations"][0]["dimension"] == "tool"
    assert called("explain_change", range="last week")["insights"] == []


def test_the_largest_answer_is_short_and_says_what_it_leaves_out(log: Path) -> None:
    many = [
        metric(f"m{n}", f"2026-03-{1 + n % 9:02}T10:00:00Z", "tool_use", f"{n} {'s' * 300}", "ana",
               tool_name=f"{n} {'t' * 300}", project_path=f"/{n}/{'p' * 300}", success=False, model=f"{n} {'m' * 300}", cost_usd=1)
        for n in range(900)
    ]  # fmt: skip
    write_log(log, *many)
    asked_for: list[tuple[str, dict[str, Any]]] = [
        *(("aggregate", {"by": by, "limit": 500}) for by in AGGREGATIONS),
        ("query", {"measures": ["count", "tokens"], "by": ["session", "tool", "project", "model"], "limit": 500}),
        ("compare", {"measures": ["count"], "by": ["session", "tool"], "limit": 500, "since": "2026-03-01", "until": "2026-03-09"}),
        ("expensive_sessions", {"limit": 500}),
        ("failing_tools", {"limit": 500}),
        ("explain_change", {"since": "2026-03-01", "until": "2026-03-09", "sensitivity": "high"}),
    ]  # fmt: skip
    for tool, arguments in asked_for:
        text = text_of(tool, **arguments)
        assert len(text) <= CHARACTERS_MAX == 25_000
        if len(text) > 20_000:
            answer = json.loads(text)
            left, of = re.match(r"(\d+) of (\d+) rows did not fit: narrow the question", answer["left_out"]).groups()  # type: ignore[union-attr]
            assert int(of) - int(left) == len(answer["rows"]) > 20


def test_names_from_logs_are_told_visibly(log: Path) -> None:
    write_log(log, *history())
    text = text_of("aggregate", by="tools", limit=100)
    assert text.isprintable()
    assert len(rows(json.loads(text))) == len(NAMES)


def test_several_questions_at_once_are_answered(log: Path) -> None:
    async def ask(client: Client) -> list[bool]:
        calls = [client.call_tool("query", {"measures": ["count"], "by": ["tool"]}) for _ in range(6)]
        return [bool(result.is_error) for result in await asyncio.gather(*calls)]

    assert asked(ask) == [False] * 6


def test_what_there_is_to_ask_for_is_a_resource(log: Path) -> None:
    async def read(client: Client, name: str) -> Any:
        (content,) = (await client.read_resource(name)).contents
        assert hasattr(content, "text")
        return json.loads(content.text)

    async def ask(client: Client) -> tuple[Any, Any, list[str]]:
        listed = [str(one.uri) for one in (await client.list_resources()).resources]
        return await read(client, "tachograph://schema"), await read(client, "tachograph://values/tool"), listed

    schema, values, listed = asked(ask)
    assert listed == ["tachograph://schema"]
    assert set(schema) >= {"measures", "dimensions", "conditions", "ranges", "aggregations"}
    assert values["rows"] == [["Bash", 2], ["Read", 1]]


def test_what_is_new_is_read_before_each_answer(log: Path) -> None:
    async def ask(client: Client) -> list[int]:
        counts = []
        for name in (None, "metrics_20260305_000000.jsonl"):
            if name:
                write_log(log, metric("late", "2026-03-05T10:00:00Z"), name=name)
            (content,) = (await client.call_tool("query", {"measures": ["count"]})).content
            assert content.type == "text"
            counts.append(json.loads(content.text)["totals"]["count"])
        return counts

    assert asked(ask) == [9, 10]


MISTAKES = (
    ("query", {"measures": ["cout"]}, "measures: there is no measure 'cout' (did you mean count?"),
    ("query", {"measures": ["count"], "where": "tol=x"}, "there is no field 'tol'"),
    ("query", {"measures": ["count"], "range": "tody"}, "'tody' is no range of time (did you mean today?"),
    ("aggregate", {"by": "tools", "order": "tokenz"}, "there is no order 'tokenz' of by_tool"),
    ("compare", {"measures": ["count"]}, "what has no start or no end can't be compared (give both)"),
    ("explain_change", {"since": "yesterday"}, "'yesterday' is no day of the calendar"),
    ("aggregate", {"by": "tools", "timezone": "Mars"}, "there is no time zone 'Mars'"),
)  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "words"), MISTAKES)
def test_a_mistake_says_what_would_have_been_right(tool: str, arguments: dict[str, Any], words: str, log: Path) -> None:
    told = refused(tool, **arguments)
    assert words in told
    assert "Traceback" not in told


def test_without_logs_it_says_so() -> None:
    assert "no logs of " in refused("query", measures=["count"])


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tachograph: Command) -> None:
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    assert "pip install 'tachograph[mcp]'" in tachograph.mistake("mcp")


def test_a_port_goes_with_http(tachograph: Command) -> None:
    assert "--port goes with --http" in tachograph("mcp", "--port", "1").err
