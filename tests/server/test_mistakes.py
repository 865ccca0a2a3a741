"""What can't be answered is a problem document, which says what happened, where, and what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import metric
from server.served import problem
from tachograph.collector.shared import SharedStore
from tachograph.server import aggregations
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from server.served import Served

A = "/api/v1/aggregations"
MISTAKES = (
    (f"{A}/daily?since=yesterday", "since", "'yesterday' is no date or moment of the calendar"),
    (f"{A}/daily?until=2026-02-30", "until", "'2026-02-30' is no date"),
    (f"{A}/daily?since=2026-03-02&until=2026-03-01", None, "until 2026-03-01 is before since 2026-03-02"),
    (f"{A}/daily?timezone=Mars/Base", "timezone", "there is no time zone 'Mars/Base'"),
    (f"{A}/daily?timezone=../../etc/passwd", "timezone", "there is no time zone"),
    (f"{A}/daily?timezone=", "timezone", "there is no time zone ''"),
    (f"{A}/daily?timezone=%00", "timezone", "there is no time zone"),
    (f"{A}/daily?timezone={'x' * 5000}", "timezone", "there is no time zone"),
    (f"{A}/daily?order=duration", "order", "there is no 'duration'"),
    (f"{A}/daily?limit=0", "limit", "'0' can't be meant"),
    (f"{A}/daily?limit=9999999999999999999999", "limit", "can't be meant"),
    (f"{A}/daily?limit=\u0663", "limit", "can't be meant"),
    (f"{A}/daily?limit=1&limit=2", "limit", "limit is there 2 times"),
    (f"{A}/daily?fill=yes", "fill", "'yes' is neither true nor false"),
    (f"{A}/tools?fill=true", "fill", "there is no parameter 'fill'"),
    (f"{A}/daily?type=nonsense", "type", "there is no 'nonsense'"),
    (f"{A}/daily?tol=Bash", "tol", "there is no parameter 'tol'"),
    (f"{A}/daily?format=xml", "format", "there is no 'xml'"),
    (f"{A}/daily?page=AAAA", "page", "none of this question's"),
    (f"{A}/daily?page=%FF%FE", "page", "none of this question's"),
    (f"{A}/hourly?fill=true&since=0001-01-01&until=9999-12-31", None, "too many hours"),
    ("/api/v1/query?by=nonsense", "by", "there is no dimension 'nonsense'"),
    ("/api/v1/query?measures=", "measures", "can't be meant"),
    ("/api/v1/query?where=tool", "where", "tool"),
    ("/api/v1/query?range=last+monday", "range", "last monday"),
    ("/api/v1/query?range=today&since=2026-03-01", "range", "has its own start and end"),
    ("/api/v1/query?timezone=Mars", "timezone", "no time zone 'Mars'"),
    ("/api/v1/query?compare=previous", "compare", "can't be compared"),
    ("/api/v1/query?other=true", "other", "nothing is left out"),
    ("/api/v1/query?by=minute&fill=true&since=0001-01-01&until=9999-12-31", "by", "windows"),
    ("/api/v1/insights?since=2026-03-01T09:30", "since", "is no day of the calendar"),
    ("/api/v1/insights?since=0001-01-01&until=0001-01-02", None, "can be looked at"),
    ("/api/v1/insights?since=2026-03-02&until=2026-03-01", None, "after 2026-03-01"),
    ("/api/v1/me?x=1", "x", "there is no parameter 'x'"),
)


@pytest.mark.parametrize(("path", "parameter", "detail"), MISTAKES)
def test_a_mistake_says_what_where_and_what_to_do(
    served: Served, path: str, parameter: str | None, detail: str
) -> None:
    told = problem(served.get(path), 400)
    assert detail in told["detail"]
    assert told.get("parameter") == parameter
    assert told["mend"]


BODIES = (
    (b"", "body", "it is no JSON object"),
    (b"[]", "body", "it is no JSON object"),
    (b"measures = ['count']", "body", "it is no JSON object"),
    (b"{", "body", "it is not JSON"),
    (b'{"by": "tool", "by": "day"}', "body", "'by' is said twice"),
    (b'{"byy": "tool"}', "body", "there is no 'byy' in a query"),
    (b'{"by": 1}', "body: by", "1 can't be meant"),
    (b'{"limit": true}', "body: limit", "True can't be meant"),
    (b'{"where": {"field": "tool"}}', "body: where", "doesn't say what tool is to be"),
    (b'{"where": {"field": "tool", "any_of": ["\\ud800"]}}', None, ""),
    (b'{"where": "tool=\\ud800"}', None, ""),
    (b'{"by": ["\\ud800"]}', "body: by", "there is no dimension"),
    (b'{"timezone": "\\ud800"}', "body: timezone", "there is no time zone"),
    (b"\xff\xfe", "body", ""),
    (b'{"a":' * 100_000, "body", "too much lies within each other"),
    (b'{"where":' + b'{"not":' * 60 + b'"tool=a"' + b"}" * 61, "body: where", "more than 50"),
    (b'{"limit": ' + b"9" * 5000 + b"}", None, ""),
    (b'{"limit": NaN}', None, ""),
)


@pytest.mark.parametrize(("body", "parameter", "detail"), BODIES)
def test_a_bad_document_is_a_mistake_too(served: Served, body: bytes, parameter: str | None, detail: str) -> None:
    headers = {"Content-Type": "application/json"}
    told = problem(served.ask("POST", "/api/v1/query", content=body, headers=headers), 400)
    assert detail in told["detail"]
    if parameter is not None:
        assert told["parameter"] == parameter


def test_a_body_that_is_too_long_or_not_said_to_be_json_is_refused(served: Served) -> None:
    long = b'{"by": "' + b"x" * 1_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    problem(served.ask("POST", "/api/v1/query", content=long, headers=headers), 413)

    async def in_parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield long[:100_000]

    problem(served.ask("POST", "/api/v1/query", content=in_parts(), headers=headers), 413)
    problem(served.ask("POST", "/api/v1/query", content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    problem(served.ask("POST", "/api/v1/query", content=b"{}"), 415)


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v1/aggregations", f"{A}/yearly", "/api/v1/values/nonsense", "/api/v1/sessions/nobody"]
)
def test_what_is_not_there_is_not_found(served: Served, path: str) -> None:
    problem(served.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", f"{A}/daily"), ("PUT", "/api/v1/query"), ("POST", "/openapi.json")]
)
def test_another_method_is_not_allowed(served: Served, method: str, path: str) -> None:
    answer = served.ask(method, path)
    problem(answer, 405)
    assert answer.headers["allow"] in {"GET, HEAD", "GET, POST, HEAD"}


def test_the_token_of_a_page_fits_its_own_question_alone(own: Served) -> None:
    own.load(metric(f"m{n}", "2026-03-01T09:00:00Z", session=f"s{n}") for n in range(5))
    url = own.get(f"{A}/sessions?limit=2").links["next"]["url"]
    assert own.get(url).status_code == 200
    token = url.partition("page=")[2]
    for other in (f"{A}/users?limit=2", f"{A}/sessions?limit=3", f"{A}/sessions?limit=2&tool=x"):
        assert problem(own.get(f"{other}&page={token}"), 400)["parameter"] == "page"
    for place in range(len(token)):
        changed = token[:place] + ("B" if token[place] == "A" else "A") + token[place + 1 :]
        problem(own.get(f"{A}/sessions?limit=2&page={changed}"), 400)
    key = own.key("read", tenant="acme")
    problem(own.get(f"{A}/sessions?limit=2&page={token}", key), 400)


def test_a_damaged_store_is_told_as_no_more_than_that(own: Served) -> None:
    own.load([metric("a", "2026-03-01T09:00:00Z")])
    store = own.home / "tachograph.duckdb"
    own.tenants.close()
    store.write_bytes(b"nonsense" * 1000)
    answer = own.get(f"{A}/daily")
    told = problem(answer, 503)
    assert int(answer.headers["retry-after"]) > 0
    assert str(own.home) not in answer.text
    assert told["detail"] == "the store can't be had now"


def test_a_store_that_is_being_written_to_by_this_process_is_had_later(own: Served) -> None:
    own.load([metric("a", "2026-03-01T09:00:00Z")])
    own.tenants.close()
    shared = own.tenants.get("default").shared
    assert isinstance(shared, SharedStore)
    shared.patience = 0.01
    with Store.open(own.home / "tachograph.duckdb"):
        assert own.get(f"{A}/daily").headers["retry-after"]
    assert own.get(f"{A}/daily").status_code == 200


def test_a_damaged_file_of_keys_lets_nobody_in(own: Served) -> None:
    own.key("read")
    own.keys.path.write_text("{")
    answer = own.get(f"{A}/daily")
    problem(answer, 503)
    assert str(own.home) not in answer.text


def test_a_fault_of_the_program_is_logged_and_told_nobody(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(*_: object) -> None:
        message = "a secret of the program"
        raise RuntimeError(message)

    monkeypatch.setattr(aggregations, "compute", faulty)
    answer = served.get(f"{A}/daily")
    problem(answer, 500)
    assert "secret" not in answer.text
    assert "a secret of the program" in caplog.text


@pytest.mark.parametrize("path", [f"{A}/daily", f"{A}/nothing", f"{A}/daily?limit=0", "/openapi.json", "/api/v1/me"])
def test_every_answer_has_the_headers_of_safety(served: Served, path: str) -> None:
    headers = served.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert not any(name.startswith("access-control-") for name in headers)


def test_names_from_logs_come_back_as_they_are(own: Served) -> None:
    odd: list[Any] = ["a\x00b", "\u202e", "</script>", "'; DROP TABLE metrics; --", "\U0001f600"]
    own.load(metric(f"m{n}", "2026-03-01T09:00:00Z", tool_name=name) for n, name in enumerate(odd))
    for name in odd:
        answer = own.get(f"{A}/tools", params={"tool": name})
        assert [row["tool"] for row in answer.json()["time_series"]] == [name]
        where = {"field": "tool", "any_of": [name]}
        assert own.post({"by": ["tool"], "where": where}).json()["total"] == {"count": 1}
    assert json.loads(own.get(f"{A}/tools").content)["total_metrics"] == len(odd)
