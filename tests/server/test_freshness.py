"""Whoever has an answer already is told so, until the store, the question or the form is another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.made_up import metric
from server.made_up import history
from tachograph.server import aggregations, exchange

if TYPE_CHECKING:
    from server.served import Served

DAILY = "/api/v1/aggregations/daily"


def again(served: Served, path: str, tag: str, **more: str) -> int:
    return served.get(path, headers={"If-None-Match": tag, **more}).status_code


def test_the_same_answer_is_not_sent_again(served: Served) -> None:
    first = served.get(DAILY)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    assert first.headers["cache-control"] == "private, no-cache"
    answer = served.get(DAILY, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert answer.headers["vary"] == "Accept, Authorization"
    assert again(served, DAILY, f'"other", W/{tag}') == 304
    assert again(served, DAILY, "*") == 304
    assert again(served, DAILY, '"other"') == 200


def test_whoever_has_the_answer_does_not_have_it_worked_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = served.get(DAILY).headers["etag"]

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(aggregations, "compute", never)
    monkeypatch.setattr(exchange, "_asked", never)
    assert again(served, DAILY, tag) == 304


@pytest.mark.parametrize(
    "path",
    [
        f"{DAILY}?timezone=Europe/Rome",
        f"{DAILY}?since=2026-03-02",
        f"{DAILY}?tool=Bash",
        f"{DAILY}?limit=3",
        f"{DAILY}?fill=true",
        f"{DAILY}?order=-tokens",
        f"{DAILY}?format=csv",
        "/api/v1/aggregations/hourly",
        "/api/v1/summary",
    ],
)
def test_another_question_or_form_is_another_answer(served: Served, path: str) -> None:
    assert again(served, path, served.get(DAILY).headers["etag"]) == 200


def test_each_commit_makes_another_answer(own: Served) -> None:
    tags = [own.get(DAILY).headers["etag"]]
    for number in range(4):
        own.load([metric(f"m{number}", "2026-03-01T09:00:00Z")], name=str(number))
        assert again(own, DAILY, tags[-1]) == 200
        tags.append(own.get(DAILY).headers["etag"])
        assert own.get(DAILY).headers["etag"] == tags[-1]
    assert len(set(tags)) == 5


def test_another_tenants_answer_has_another_tag(own: Served) -> None:
    for tenant in ("acme", "umbrella"):
        own.load(history(20), tenant)
    keys = [own.key("read", tenant=tenant) for tenant in ("acme", "umbrella")]
    tags = [own.get(DAILY, key).headers["etag"] for key in keys]
    assert len(set(tags)) == 2
    assert own.get(DAILY, keys[1], headers={"If-None-Match": tags[0]}).status_code == 200


def test_a_query_by_the_clock_is_known_again_while_it_means_the_same(served: Served) -> None:
    document = {"by": ["tool"], "range": "last 2 years"}
    tag = served.post(document).headers["etag"]
    assert served.post(document, headers={"If-None-Match": tag}).status_code == 304
    moving = {"range": "last 24 hours"}
    tag = served.post(moving).headers["etag"]
    assert served.post(moving, headers={"If-None-Match": tag}).status_code == 200


def test_the_description_is_known_again_too(served: Served) -> None:
    tag = served.get("/openapi.json").headers["etag"]
    assert again(served, "/openapi.json", tag) == 304
