"""What questions can be narrowed by, under the names that the command line and the HTTP API share."""

from __future__ import annotations

from typing import Final

FILTERS: Final = (
    ("session", "session_id", "ID", "a session"),
    ("user", "user_id", "NAME", "a user"),
    ("type", "type", "TYPE", "a type of metric, such as tool_use"),
    ("tool", "tool_name", "NAME", "a tool"),
    ("agent", "agent_id", "NAME", "an agent"),
    ("project", "project_path", "FOLDER", "a project's folder"),
    ("model", "model", "NAME", "a model"),
    ("error", "error_type", "KIND", "a kind of error"),
    ("command", "command_name", "NAME", "a command"),
    ("source", "source", "NAME", "a source, such as claude-code"),
)
"""An option, the filter that it sets, what stands for its value, and what it names."""


def dimension(option: str) -> str:
    """What a query calls the field that the option of this name is about."""
    return "error_type" if option == "error" else option
