"""What a transcript and the log of the hooks both tell of is one metric, whichever is read first."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_lines import (
    SECRET,
    SESSION,
    Line,
    call,
    contents,
    ingest,
    line,
    microseconds,
    notification,
    prompt,
    result,
    rows,
    system,
    transcript,
)
from hook_notes import after, before, failed, noted, told
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

OURS = "'/opt/the tools/tachograph' hook"


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.in_memory() as store:
        yield store


def read_in_turn(store: Store, folder: Path, *portions: tuple[str, Sequence[Line]]) -> None:
    """Appends each portion to its file and reads what is new."""
    for name, lines in portions:
        if not lines:
            continue
        with (folder / name).open("ab") as file:
            file.write(transcript(*lines))
        ingest(store, folder, source=None)


def both_ways(folder: Path, told_there: Sequence[Line], noted_here: Sequence[Line]) -> list[dict[str, Any]]:
    """The metrics of both, checked to be the same whichever is read first."""
    found = []
    for number, order in enumerate((("t.jsonl", "h.jsonl"), ("h.jsonl", "t.jsonl"))):
        place = folder / str(number)
        place.mkdir()
        with Store.in_memory() as store:
            read_in_turn(store, place, *((name, told_there if name == "t.jsonl" else noted_here) for name in order))
            found.append([{key: row[key] for key in row if key != "seq"} for row in rows(store)])
    assert found[0] == found[1]
    return found[0]


def test_a_call_counts_once_and_takes_what_the_hook_measured(tmp_path: Path) -> None:
    there = [call("t1", 1), result("t1", 9, error=False)]
    here = [noted(before("t1"), 1.2), noted(after("t1", duration_ms=412), 8.9)]
    (start, use) = both_ways(tmp_path, there, here)
    assert (start["type"], use["type"]) == ("session_start", "tool_use")
    assert use["source"] == "claude-code"
    assert (use["ts"], use["ended_ts"]) == (microseconds(1), microseconds(8.9))
    assert (use["duration_ms"], use["success"], use["tool_name"]) == (412, True, "Bash")


def test_a_call_that_only_began_has_no_duration_and_no_outcome(tmp_path: Path, store: Store) -> None:
    read_in_turn(store, tmp_path, ("h.jsonl", [noted(before("t1"), 1)]))
    (use,) = rows(store, "type = 'tool_use'")
    assert not {"ended_ts", "duration_ms", "success"} & use.keys()
    read_in_turn(store, tmp_path, ("h.jsonl", [noted(after("t1"), 3.5)]))
    (use,) = rows(store, "type = 'tool_use'")
    assert (use["duration_ms"], use["success"]) == (2500, True)


def test_an_end_whose_beginning_was_missed_waits_for_the_transcript(tmp_path: Path, store: Store) -> None:
    read_in_turn(store, tmp_path, ("h.jsonl", [noted(after("t1", duration_ms=7), 3)]))
    assert rows(store, "type = 'tool_use'") == []
    read_in_turn(store, tmp_path, ("t.jsonl", [call("t1", 1)]))
    (use,) = rows(store, "type = 'tool_use'")
    assert (use["ts"], use["duration_ms"]) == (microseconds(1), 7)


def test_the_kind_of_a_failure_is_the_transcripts_where_the_hook_has_none(tmp_path: Path) -> None:
    there = [call("t1", 1), result("t1", 2, "<tool_use_error>String to replace not found", error=True)]
    here = [noted(before("t1"), 1), noted(failed("t1", "it went wrong"), 2)]
    (_, use) = both_ways(tmp_path, there, here)
    assert (use["success"], use["error_type"]) == (False, "no_match")


def test_a_call_that_was_interrupted_is_unknown_in_both(tmp_path: Path) -> None:
    there = [call("t1", 1), result("t1", 2, "[Request interrupted by user for tool use]", error=True)]
    here = [noted(before("t1"), 1), noted(failed("t1", is_interrupt=True), 2)]
    (_, use) = both_ways(tmp_path, there, here)
    assert "success" not in use
    assert use["error_type"] == "interrupted"


def test_a_run_of_an_agent_counts_once(tmp_path: Path) -> None:
    answer = {"agentId": "a1", "status": "completed", "totalDurationMs": 900}
    there = [
        call("t1", 1, "Agent", asked={"subagent_type": "Explore"}),
        call("t2", 1.5, "Bash", agentId="a1"),
        result("t1", 3, error=False, details=answer),
    ]
    here = [
        noted(before("t1", "Agent", asked={"subagent_type": "Explore"}), 1.1),
        noted(told("SubagentStart", agent_id="a1", agent_type="Explore"), 1.2),
        noted(before("t2", agent_id="a1", agent_type="Explore"), 1.6),
        noted(told("SubagentStop", agent_id="a1", agent_type="Explore"), 2.9),
        noted(after("t1", "Agent", answer=answer | {"content": SECRET}), 3),
    ]
    found = both_ways(tmp_path, there, here)
    (run,) = [row for row in found if row["type"] == "agent_execution"]
    assert (run["agent_id"], run["agent_run_id"], run["duration_ms"], run["success"]) == ("Explore", "a1", 900, True)
    assert [row["agent_run_id"] for row in found if row["id"] == "claude-code:t2"] == ["a1"]
    assert [row["hook_name"] for row in found if row["type"] == "hook_triggered"] == [
        "SubagentStart:Explore",
        "SubagentStop:Explore",
    ]


def test_a_run_that_failed_at_once_ends_as_its_call_does(tmp_path: Path) -> None:
    there = [call("t1", 1, "Agent"), result("t1", 3.2, "Exit code 1", error=True)]
    here = [noted(before("t1", "Agent"), 1.1), noted(failed("t1", tool="Agent", duration_ms=5), 3)]
    found = both_ways(tmp_path, there, here)
    (run,) = [row for row in found if row["type"] == "agent_execution"]
    assert (run["ended_ts"], run["duration_ms"], run["success"]) == (microseconds(3), 5, False)


def test_without_a_transcript_a_run_is_told_by_the_hooks_alone(tmp_path: Path, store: Store) -> None:
    answer = {"agentId": "a1", "status": "completed", "totalDurationMs": 900}
    here = [noted(before("t1", "Agent"), 1), noted(after("t1", "Agent", answer=answer), 3)]
    read_in_turn(store, tmp_path, ("h.jsonl", here))
    (run,) = rows(store, "type = 'agent_execution'")
    assert (run["agent_id"], run["agent_run_id"], run["duration_ms"]) == ("general-purpose", "a1", 900)


def test_what_no_transcript_tells_is_added(tmp_path: Path) -> None:
    there = [prompt(0)]
    here = [
        noted(told("SessionStart", source="startup"), 0),
        noted(told("Notification", notification_type="permission_prompt", message=SECRET), 5),
        noted(told("PreCompact", trigger="auto"), 6),
        noted(told("Stop"), 7),
        noted(told("SessionEnd", reason="clear"), 8),
    ]
    found = both_ways(tmp_path, there, here)
    assert [(row["type"], row.get("hook_name"), row.get("extra")) for row in found] == [
        ("session_start", None, None),
        ("hook_triggered", "Notification:permission_prompt", None),
        ("hook_triggered", "PreCompact:auto", None),
        ("hook_triggered", "Stop", None),
        ("session_end", None, '{"reason":"clear"}'),
    ]
    assert {row["session_id"] for row in found} == {SESSION}


def test_our_own_hooks_are_not_counted_as_hooks(tmp_path: Path, store: Store) -> None:
    def run_of(command: str) -> list[Line]:
        progress = {
            "type": "hook_progress",
            "hookEvent": "PreToolUse",
            "hookName": "PreToolUse:Bash",
            "command": command,
        }
        success = {"type": "hook_success", "hookEvent": "SessionStart", "hookName": "SessionStart", "command": command}
        return [
            line("progress", 1, uuid=f"p{command}", data=progress),
            line("attachment", 2, uuid=f"a{command}", attachment=success),
        ]

    summary = system("stop_hook_summary", 3, hookInfos=[{"command": OURS}, {"command": "date", "durationMs": 4}])
    read_in_turn(store, tmp_path, ("t.jsonl", [*run_of(OURS), *run_of("date"), summary]))
    assert [row["hook_name"] for row in rows(store, "type = 'hook_triggered'")] == [
        "PreToolUse:Bash",
        "SessionStart",
        "Stop",
    ]


class _Session:
    """A session at random: what its transcript tells of it, and what its hooks noted, some of which failed."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.clock = 0.0
        self.told: list[Line] = [prompt(0)]
        self.noted: list[Line] = []
        self.calls: set[str] = set()
        self.others = 0
        for number in range(dice.randint(1, 6)):
            self._call(f"t{number}")
            if dice.random() < 0.4:
                self.others += 1
                self._note(told(dice.choice(["Stop", "Notification", "PreCompact", "SessionEnd"])))

    def at(self) -> float:
        self.clock += self.dice.choice([0.013, 0.5, 2.25])
        return self.clock

    def _note(self, given: dict[str, Any]) -> None:
        self.noted.append(noted(given, self.at()))

    def _call(self, id: str) -> None:
        dice = self.dice
        tool = dice.choice(["Bash", "Read", "Agent"])
        runs = (
            {"agentId": f"a{id}", "status": "completed", "totalDurationMs": 7},
            {"agentId": f"a{id}", "status": "async_launched"},
            None,
        )
        details = dice.choice(runs if tool == "Agent" else ({"durationMs": 5}, None))
        is_told, is_noted = dice.random() < 0.9, dice.random() < 0.9
        if is_told:
            self.told.append(call(id, self.at(), tool))
        if is_noted:
            self._note(before(id, tool))
        if is_told or is_noted:
            self.calls.add(f"claude-code:{id}")
        took = dice.choice([None, 3, 12.5])
        fails = dice.random() < 0.3
        if dice.random() < 0.8:
            self._note(failed(id, tool=tool, duration_ms=took) if fails else after(id, tool, took, details or SECRET))
        if is_told and dice.random() < 0.8:
            content = "Exit code 1" if fails else "done"
            self.told.append(result(id, self.at(), content, error=fails, details=None if fails else details))
            if tool == "Agent" and details and not fails and dice.random() < 0.5:
                self.told.append(prompt(self.at(), notification(f"a{id}")))


def _portions(dice: random.Random, session: _Session) -> list[tuple[str, list[Line]]]:
    """Both files in portions, in an order that keeps that of each file."""
    waiting = {"t.jsonl": list(session.told), "h.jsonl": list(session.noted)}
    portions = []
    while any(waiting.values()):
        name = dice.choice([name for name, lines in waiting.items() if lines])
        count = dice.randint(1, len(waiting[name]))
        portions.append((name, waiting[name][:count]))
        del waiting[name][:count]
    return portions


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_of_reading_comes_to_the_same_and_counts_each_call_once(dice: random.Random) -> None:
    session = _Session(dice)
    found = []
    for portions in (
        [("t.jsonl", session.told), ("h.jsonl", session.noted)],
        [("h.jsonl", session.noted), ("t.jsonl", session.told)],
        _portions(dice, session),
    ):
        with tempfile.TemporaryDirectory() as folder, Store.in_memory() as store:
            read_in_turn(store, Path(folder), *portions)
            found.append(contents(store))
            assert {row["id"] for row in rows(store, "type = 'tool_use'")} == session.calls
            assert len(rows(store, "type IN ('hook_triggered', 'session_end')")) == session.others
            assert len(rows(store, "type = 'session_start'")) == 1
    assert found[0] == found[1] == found[2]
