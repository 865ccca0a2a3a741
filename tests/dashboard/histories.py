"""Made-up metrics logs in the place where they are looked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from cli.made_up import metric, write_log

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = (
    ("Bash", 900, 0.9, "exit 1"),
    ("Read", 40, 0.99, "no such file"),
    ("mcp__github__search", 2500, 0.8, "timeout"),
)
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "acme-1")
DAYS = 45

MARKUP = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
LONG = "long-" + "x" * 9_990 + "-end"
HOSTILE = (
    MARKUP,
    "{danger|rich} text & \"quotes\" 'single'",
    "\u05e9\u05dc\u05d5\u05dd \u202ereversed\u202c \u0645\u0631\u062d\u0628\u0627",
    "emoji \U0001f469\u200d\U0001f4bb\U0001f1ee\U0001f1f9 \u0001\x1b[31m\ttabs\nlines",
    '=HYPERLINK("http://evil.example")',
    "javascript:document.title='harmed'",
    "__proto__",
    LONG,
)


def place(home: Path) -> Path:
    return home / "store" / "metrics"


def everyday(home: Path) -> None:
    """Some weeks of work, up to now."""
    chosen = Random(7)
    now = datetime.now(UTC).replace(microsecond=0)
    lines: list[str] = []
    for number in range(90):
        session = f"session-{number:02}"
        at = now - timedelta(days=DAYS * (89 - number) / 90, minutes=40)
        user, project = f"user-{number % 3}", f"/home/ana/project-{number % 4}"
        lines.append(metric(f"{session}-start", at.isoformat(), "session_start", session, user, project_path=project))
        for step in range(30):
            at += timedelta(seconds=chosen.randrange(1, 70))
            lines.append(_step(chosen, f"{session}-{step}", at, session, user, number))
    write_log(place(home), *lines)


def _step(chosen: Random, id: str, at: datetime, session: str, user: str, number: int) -> str:
    type, data = _told(chosen, session)
    within = {"agent_run_id": f"{session}-run"} if number % 5 == 0 and chosen.random() < 0.4 else {}
    return metric(id, at.isoformat(), type, session, user, **{**within, **data})


def _told(chosen: Random, session: str) -> tuple[str, dict[str, Any]]:
    """A type of metric, and what it says."""
    luck = chosen.random()
    if luck < 0.3:
        most = {"input": 2000, "output": 900, "cache_read": 60_000, "cache_write": 4000}
        counts = {f"{kind}_tokens": chosen.randrange(tokens) for kind, tokens in most.items()}
        return "token_usage", {"model": chosen.choice(MODELS), **counts}
    if luck < 0.35:
        return "error_occurred", {"error_type": chosen.choice(("rate_limit", "overloaded"))}
    if luck < 0.4:
        run = {"agent_id": "Explore", "agent_run_id": f"{session}-run"}
        return "agent_execution", {**run, "duration_ms": 9000, "success": True}
    tool, usual, success, error = chosen.choice(TOOLS)
    failed = {"success": False, "error_type": error} if chosen.random() > success else {"success": True}
    return "tool_use", {"tool_name": tool, "duration_ms": round(chosen.lognormvariate(0, 1) * usual, 3), **failed}


def hostile(home: Path) -> None:
    """Everything that has a name has a bad one."""
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    lines = []
    for number, name in enumerate(HOSTILE * 4):
        at = (now + timedelta(minutes=number)).isoformat()
        session, names = f"{name}-{number % 2}", {"project_path": name, "agent_run_id": name}
        failed = {"success": False, "error_type": name} if number % 3 == 0 else {"success": True}
        told: list[tuple[str, str, dict[str, Any]]] = [
            ("t", "tool_use", {"tool_name": name, "duration_ms": 50, **failed}),
            ("u", "token_usage", {"model": name, "input_tokens": 100, "output_tokens": 5}),
            ("e", "error_occurred", {"error_type": name}),
            ("a", "agent_execution", {"agent_id": name, "duration_ms": 70, "success": True}),
            ("c", "command_executed", {"command_name": name}),
        ]
        lines += [metric(f"{id}{number}", at, type, session, name, **data, **names) for id, type, data in told]
    write_log(place(home), *lines)
