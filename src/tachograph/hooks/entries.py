"""Our entries among the hooks of Claude Code's settings: found, put in and taken out, in the text of the settings.

Claude Code leaves out a whole settings file in which one thing is not as it expects, and drops keys that it doesn't
know whenever it writes the file. So what is put in is what the oldest version takes, and is known by its command.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tachograph.hooks.agent_file import NotSettings, settings_object
from tachograph.hooks.command import HookCommand, parse_command
from tachograph.hooks.json_text import items, member, with_item, without_item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.hooks.events import Event

_SECONDS_MAX: Final = 10
"""How long the agent waits for a hook. (At a session's end it waits for 1.5 seconds, whatever is said here.)"""


class Entry(NamedTuple):
    """One of our entries: its event, where it stands, and its command."""

    event: str
    group: int
    position: int
    command: HookCommand


def check(text: str, where: str) -> None:
    """Raises `NotSettings` where the text isn't a JSON object whose `hooks`, if any, are as Claude Code has them."""
    mend = "mend the file by hand first; nothing was changed"
    whole = settings_object(text, where)
    hooks = whole.get("hooks", {})
    if not isinstance(hooks, dict):
        raise NotSettings("its 'hooks' isn't an object", where=where, mend=mend)
    for event, groups in hooks.items():
        if not isinstance(groups, list):
            raise NotSettings(f"its hooks of {event} aren't a list", where=where, mend=mend)


def entries(text: str) -> list[Entry]:
    """Our entries in settings that were checked, in their order."""
    found = []
    for event, groups in json.loads(text).get("hooks", {}).items():
        for number, group in enumerate(groups):
            hooks = group.get("hooks") if isinstance(group, dict) else None
            for position, hook in enumerate(hooks if isinstance(hooks, list) else ()):
                command = parse_command(hook.get("command")) if isinstance(hook, dict) else None
                if command is not None:
                    found.append(Entry(event, number, position, command))
    return found


def entry(event: Event, command: HookCommand) -> dict[str, Any]:
    """What is put in for an event."""
    matcher = {"matcher": "*"} if event.of_tools else {}
    return matcher | {"hooks": [{"type": "command", "command": str(command), "timeout": _SECONDS_MAX}]}


def with_entries(text: str, events: Sequence[Event], command: HookCommand) -> str:
    """The settings with an entry for each event, after the entries of others."""
    for event in events:
        hooks = member(text, text.index("{"), "hooks")
        groups = hooks and member(text, hooks.value, event.name)
        if hooks is None:
            text = with_item(text, text.index("{"), {event.name: [entry(event, command)]}, "hooks")
        elif groups is None:
            text = with_item(text, hooks.value, [entry(event, command)], event.name)
        else:
            text = with_item(text, groups.value, entry(event, command))
    return text


def without_entries(text: str, before: str | None = None) -> str:
    """The settings without our entries, and without what they leave empty, unless it was there `before` them."""
    kept = json.loads(before).get("hooks") if before else None
    while found := entries(text):
        text = _without(text, found[-1], kept if isinstance(kept, dict) else None)
    return text


def _without(text: str, gone: Entry, kept: dict[str, Any] | None) -> str:
    root = text.index("{")
    hooks = member(text, root, "hooks")
    assert hooks is not None
    groups = member(text, hooks.value, gone.event)
    assert groups is not None
    group = items(text, groups.value)[gone.group]
    commands = member(text, group.value, "hooks")
    assert commands is not None
    if len(items(text, commands.value)) > 1:
        return without_item(text, commands.value, gone.position)
    text = without_item(text, groups.value, gone.group)
    if not items(text, groups.value) and gone.event not in (kept or {}):
        text = _without_member(text, hooks.value, gone.event)
        if not items(text, hooks.value) and kept is None:
            text = _without_member(text, root, "hooks")
    return text


def _without_member(text: str, at: int, key: str) -> str:
    keys = [item.key for item in items(text, at)]
    return without_item(text, at, len(keys) - 1 - keys[::-1].index(key))
