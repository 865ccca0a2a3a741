"""What is noted of an event, and what never is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_lines import SECRET, SESSION
from hook_notes import Given, after, before, failed, kind_of, told
from tachograph.hooks.command import HookCommand, parse_command
from tachograph.hooks.events import EVENTS, events_of, note

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "hooks.md"
CALL = {"call": "t1", "tool": "Bash"}
AGENT = {"call": "t1", "tool": "Agent"}
NOTED: tuple[tuple[Given, dict[str, Any]], ...] = (
    (before("t1"), CALL),
    (before("t1", "Agent", asked={"subagent_type": "Explore"}), AGENT | {"agent": "Explore"}),
    (before("t1", asked={"subagent_type": "Explore"}), CALL),
    (after("t1", duration_ms=12.5), CALL | {"duration_ms": 12.5, "success": True}),
    (after("t1", duration_ms=-1), CALL | {"success": True}),
    (after("t1", "Agent", answer={"agentId": "a1", "status": "completed", "totalDurationMs": 7, "content": SECRET}), AGENT | {"run": "a1", "run_ms": 7, "success": True}),
    (after("t1", "Agent", answer={"agentId": "a1", "status": "async_launched"}), AGENT | {"run": "a1", "background": True, "success": True}),
    (failed("t1", duration_ms=3), CALL | {"duration_ms": 3, "success": False, "error": "exit_code"}),
    (failed("t1", f"Command exited with non-zero status code 1: {SECRET}"), CALL | {"success": False, "error": "exit_code"}),
    (failed("t1", "The user doesn't want to proceed with this tool use."), CALL | {"error": "rejected_by_user"}),
    (failed("t1", is_interrupt=True), CALL | {"error": "interrupted"}),
    (told("SessionStart", source="startup", model="claude-opus-5"), {}),
    (told("SessionEnd", reason="clear"), {"about": "clear"}),
    (told("Notification", message=SECRET, title=SECRET, notification_type="idle_prompt"), {"about": "idle_prompt"}),
    (told("Notification", message=SECRET), {}),
    (told("Notification", message=SECRET, notification_type=f"a whole {SECRET}"), {}),
    (told("Stop", stop_hook_active=False, last_assistant_message=SECRET), {}),
    (told("PreCompact", trigger="auto", custom_instructions=SECRET), {"about": "auto"}),
    (told("PostCompact", trigger="manual", compact_summary=SECRET), {"about": "manual"}),
    (told("SubagentStart", agent_id="a1", agent_type="Explore"), {"about": "Explore"}),
    (told("SubagentStop", agent_id="a1", agent_type="my-plugin:reviewer", agent_transcript_path=SECRET, last_assistant_message=SECRET), {"about": "my-plugin:reviewer"}),
)  # fmt: skip


@pytest.mark.parametrize(("given", "data"), NOTED)
def test_names_ids_outcomes_and_durations_are_noted_and_no_text(given: Given, data: dict[str, Any]) -> None:
    line = note(given, kind_of)
    assert line is not None
    assert line["data"] == {"event": given["hook_event_name"], **data}
    assert (line["sessionId"], line["cwd"], line.get("agentId")) == (SESSION, "/home/ana/api", given.get("agent_id"))
    assert SECRET not in json.dumps(line)


def test_every_event_that_is_installed_is_noted() -> None:
    assert {given["hook_event_name"] for given, _ in NOTED} == {event.name for event in EVENTS}


@pytest.mark.parametrize(
    "given", [told("UserPromptSubmit", prompt=SECRET), told("Tomorrow"), told("PreToolUse", tool_name="Bash")]
)
def test_an_unknown_event_and_a_call_without_an_id_are_not_noted(given: Given) -> None:
    assert note(given, kind_of) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(SECRET),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(("subagent_type", "agentId", "x")), below)
    ),
    max_leaves=6,
)


@given(
    st.sampled_from([event.name for event in EVENTS]),
    st.dictionaries(
        st.sampled_from(("tool_input", "tool_response", "duration_ms", "error", "is_interrupt", "message", "prompt")),
        JSON,
    ),
)
def test_whatever_the_other_fields_hold_nothing_fails_and_no_text_is_noted(event: str, fields: dict[str, Any]) -> None:
    for name in ("agentId", "subagent_type"):  # names of which Claude Code says that they are
        if isinstance(answer := fields.get("tool_response"), dict):
            answer.pop(name, None)
    line = note(told(event, tool_use_id="t1", tool_name="Bash") | fields, kind_of)
    assert line is not None
    assert SECRET not in json.dumps(line)


def test_an_older_version_is_spared_the_events_that_it_would_refuse() -> None:
    assert {event.name for event in events_of(None)} == {
        "SessionStart", "PreToolUse", "PostToolUse", "SubagentStop", "PreCompact", "Notification", "Stop", "SessionEnd",
    }  # fmt: skip
    assert {event.name for event in events_of((2, 1, 75))} == {event.name for event in EVENTS} - {"PostCompact"}
    assert events_of((2, 1, 76)) == EVENTS


def test_the_documentation_names_every_event_with_its_version() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([\d., ]+) \|", DOCUMENTATION.read_text(), re.MULTILINE)
    told: dict[str, str] = {}
    for names, since in rows:
        versions = since.split(", ")
        each = re.findall(r"\w+", names)
        told |= dict(zip(each, versions * (len(each) // len(versions)), strict=True))
    assert told == {event.name: ".".join(map(str, event.since)) for event in EVENTS}


PROGRAMS = (("/usr/bin/tachograph",), ("/home/ana b/it's $HOME/tachograph",), ("/usr/bin/python3", "-m", "tachograph"))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("home", [None, "/srv/a store"])
def test_a_command_is_known_again(program: tuple[str, ...], home: str | None) -> None:
    command = HookCommand(program, home)
    assert parse_command(str(command)) == command


def test_a_path_of_windows_is_written_as_its_shell_takes_it() -> None:
    command = str(HookCommand((r"C:\Program Files\Tachograph\tachograph.exe",)))
    assert command == "'C:/Program Files/Tachograph/tachograph.exe' hook"
    assert parse_command(command) is not None


@pytest.mark.parametrize(
    "text",
    [None, 5, "", "hook", "tachograph", "tachograph hooks", "tachograph hook | tee x", "'tachograph hook", "nottachograph hook", "sh -c 'tachograph hook'", "rm -rf /; tachograph hook"],
)  # fmt: skip
def test_no_other_command_is_taken_for_ours(text: object) -> None:
    assert parse_command(text) is None
