"""A made-up history of a few hundred metrics, of every type and with odd names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from cli.made_up import metric
from tachograph.metric import METRIC_TYPES

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
TOOLS = (
    "Bash",
    "Read",
    "=cmd|' /C calc'!A0",
    "mcp__a_b",
    'with "quotes", and commas',
    "caf\u00e9\U0001f600",
    "a\nb\x1b[31m",
)
USERS = ("ana", "ben", None)
PROJECTS = ("/srv/api", "/srv/web shop")


def history(count: int = 300, seed: int = 1) -> list[str]:
    """The same lines for the same seed."""
    chosen = Random(seed)
    return [_metric(chosen, number) for number in range(count)]


def _metric(chosen: Random, number: int) -> str:
    type_ = chosen.choice((*sorted(METRIC_TYPES), "tool_use", "tool_use"))
    session = chosen.choice([f"s{n}" for n in range(25)] + ["s/with?odd&signs#"])
    at = START + timedelta(minutes=chosen.randrange(60 * 24 * 40), milliseconds=number)
    return metric(f"m{number}", at.isoformat(), type_, session, chosen.choice(USERS), **_data(chosen, type_))


def _data(chosen: Random, type_: str) -> dict[str, object]:
    data: dict[str, object] = {"project_path": chosen.choice(PROJECTS)}
    if type_ == "tool_use":
        data |= {"tool_name": chosen.choice(TOOLS), "duration_ms": chosen.randrange(5000) / 4}
        data["success"] = chosen.random() < 0.8
    if type_ == "agent_execution":
        data |= {"agent_id": chosen.choice(("Explore", "Plan")), "success": True}
    if type_ == "error_occurred":
        data["error_type"] = chosen.choice(("Timeout", "@SUM(A1)"))
    if type_ == "token_usage":
        data |= {"model": chosen.choice(("claude-opus-4-5-20251101", "acme-1")), "input_tokens": 1000}
        data["output_tokens"] = chosen.randrange(100)
    return data
