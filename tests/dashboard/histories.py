"""Made-up metrics logs in the place where they are looked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from cli.made_up import metric, write_log

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = (("Bash", 900, 0.9, "exit 1"), ("Read", 40, 0.99, "no such file"), ("mcp__github__search", 2500, 0.8, "timeout"))
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "acme-1")
DAYS = 45

MARKUP = "<img src=x onerror=\"document.title='harmed'\"><script>document.title='harmed'</script>"
LONG = "long-" + "x" * 9_990 + "-end"
HOSTILE = (
    MARKUP,
    "{danger|rich} text & \"quotes\" 'single'",
    "\u05e9\u05dc\u05d5\u05dd \u202ereversed\u202c \u0645\u0631\u062d\u0628\u0627",
    "emoji \U0001f469\u200d\U0001f4bb\U0001f1ee\U0001f1f9 \u0001\x1b[31m\ttabs\nlines",
    "=HYPERLINK(\"http://evil.example\")",
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
    told = at.isoformat()
    within = {"agent_run_id": f"{session}-run"} if number % 5 == 0 and chosen.random() < 0.4 else {}
    luck = chosen.random()
    if luck < 0.3:
        model = chosen.choice(MODELS)
        counts = {"input_tokens": chosen.randrange(2000), "output_tokens": chosen.randrange(900)}
        cached = {"cache_read_tokens": chosen.randrange(60_000), "cache_write_tokens": chosen.randrange(4000)}
        return metric(id, told, "token_usage", session, user, model=model, **counts, **cached, **within)
    if luck < 0.35:
        return metric(id, told, "error_occurred", session, user, error_type=chosen.choice(("rate_limit", "overloaded")))
    if luck < 0.4:
        run = {"agent_id": "Explore", "agent_run_id": f"{session}-run"}
        return metric(id, told, "agent_execution", session, user, **run, duration_ms=9000, success=True)
    tool, usual, success, error = chosen.choice(TOOLS)
    went = chosen.random() < success
    data = {"tool_name": tool, "duration_ms": round(chosen.lognormvariate(0, 1) * usual, 3), "success": went}
    return metric(id, told, "tool_use", session, user, **data, **({} if went else {"error_type": error}), **within)


def hostile(home: Path) -> None:
    """Everything that has a name has a bad one."""
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    lines = []
    for number, name in enumerate(HOSTILE * 4):
        at = (now + timedelta(minutes=number)).isoformat()
        whose = (f"{name}-{number % 2}", name)
        names = {"project_path": name, "agent_run_id": name}
        lines += [
            metric(f"t{number}", at, "tool_use", *whose, tool_name=name, duration_ms=50, success=number % 3 > 0, **names,
                   **({} if number % 3 else {"error_type": name})),
            metric(f"u{number}", at, "token_usage", *whose, model=name, input_tokens=100, output_tokens=5, **names),
            metric(f"e{number}", at, "error_occurred", *whose, error_type=name, **names),
            metric(f"a{number}", at, "agent_execution", *whose, agent_id=name, duration_ms=70, success=True, **names),
            metric(f"c{number}", at, "command_executed", *whose, command_name=name, **names),
        ]  # fmt: skip
    write_log(place(home), *lines)
