"""One session's metrics over HTTP: in order, in pages, with the runs that they are of, and no ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.made_up import metric
from server.served import problem, rows

if TYPE_CHECKING:
    from server.served import Served

AT = "2026-03-01T09:00:{:02}.500Z"
LINES = (
    metric("m2", AT.format(2), "agent_execution", agent_id="Explore", agent_run_id="run-b", duration_ms=3000),
    metric("m1", AT.format(1), tool_name="Bash", duration_ms=1500.25, success=True),
    metric(
        "m3", AT.format(3), tool_name="Read", agent_run_id="run-b", duration_ms=10, success=False, error_type="gone"
    ),
    metric("m4", AT.format(4), tool_name="Read", agent_run_id="run-a", success=True),
    metric("m5", AT.format(5), "token_usage", model="claude-opus-4-5", input_tokens=1000, output_tokens=10),
    metric("m6", AT.format(6), "error_occurred", error_type="Timeout"),
    metric("x1", AT.format(1), session="s2", tool_name="Other"),
)


def steps(own: Served, asked: str = "") -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = own.get(f"/api/v1/timelines/s1{asked}").json()["steps"]
    return told


def test_steps_are_in_the_order_in_which_they_began(own: Served) -> None:
    own.load(LINES)
    told = own.get("/api/v1/timelines/s1?timezone=Europe/Rome").json()
    assert [step["start"][17:19] for step in told["steps"]] == ["01", "02", "03", "04", "05", "06"]
    assert told["steps"][0]["start"] == "2026-03-01T10:00:01.500000+01:00"
    assert (told["session_id"], told["metrics"], told["condensed"]) == ("s1", 6, 0)
    assert told["start"] == told["steps"][0]["start"]
    assert told["end"] == "2026-03-01T10:00:06.500000+01:00"


def test_runs_are_numbered_as_they_began_and_name_their_agent(own: Served) -> None:
    own.load(LINES)
    told = steps(own)
    assert [step["run"] for step in told] == [None, 1, 1, 2, None, None]
    assert [step["agent"] for step in told] == [None, "Explore", "Explore", None, None, None]


def test_a_step_has_its_own_names_and_counters(own: Served) -> None:
    own.load(LINES)
    first, _, third, _, fifth, sixth = steps(own)
    assert (first["tool"], first["duration_ms"], first["outcome"]) == ("Bash", 1500.25, "success")
    assert (third["outcome"], third["error_type"]) == ("failure", "gone")
    assert (fifth["tokens"], fifth["input_tokens"], fifth["output_tokens"]) == (1010, 1000, 10)
    assert fifth["cost_usd"] == 0.00525
    assert (sixth["outcome"], sixth["tokens"], sixth["cost_usd"]) == ("failure", None, None)


def test_no_id_but_the_sessions_is_told(own: Served) -> None:
    own.load(LINES)
    text = own.get("/api/v1/timelines/s1").text
    assert "run-b" not in text
    assert '"m1"' not in text


def test_the_end_is_that_of_whatever_ends_last(own: Served) -> None:
    own.load([metric("m1", AT.format(1), duration_ms=60_000), metric("m2", AT.format(2), duration_ms=1)])
    assert own.get("/api/v1/timelines/s1").json()["end"] == "2026-03-01T09:01:01.500000+00:00"


def test_pages_together_are_all_of_it(own: Served) -> None:
    own.load(LINES)
    pages = own.pages("/api/v1/timelines/s1?limit=4")
    assert [len(page["steps"]) for page in pages] == [4, 2]
    assert rows(pages, "steps") == steps(own)
    assert own.get("/api/v1/timelines/s1?limit=4").headers["x-total-count"] == "6"


def test_an_id_may_have_any_signs(own: Served) -> None:
    own.load([metric("m1", AT.format(1), session="s/with?odd&signs#")])
    assert own.get("/api/v1/timelines/s%2Fwith%3Fodd%26signs%23").json()["metrics"] == 1


def test_a_session_that_is_not_there_is_told_so(own: Served) -> None:
    assert problem(own.get("/api/v1/timelines/nobody"), 404)["detail"] == "there is no such session"


def test_it_is_known_by_its_tag_until_the_store_changes(own: Served) -> None:
    own.load(LINES)
    tag = own.get("/api/v1/timelines/s1").headers["etag"]
    assert own.get("/api/v1/timelines/s1", headers={"If-None-Match": tag}).status_code == 304
    own.load([metric("m7", AT.format(7))], name="2")
    assert own.get("/api/v1/timelines/s1", headers={"If-None-Match": tag}).status_code == 200


def test_it_can_be_had_as_csv(own: Served) -> None:
    own.load(LINES)
    titles, first, *_ = own.get("/api/v1/timelines/s1?format=csv").text.splitlines()
    assert titles.startswith("start,type,run,agent,tool,")
    assert first.split(",")[:5] == ["2026-03-01T09:00:01.500000+00:00", "tool_use", "", "", "Bash"]
