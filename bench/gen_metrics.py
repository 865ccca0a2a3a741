"""Writes a large made-up metrics log: half a year, 400 people, 150 projects, all ten types.

usage: uv run bench/gen_metrics.py LINES FILE [SEED]
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIRST_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=181)
PEOPLE, PROJECTS, AGENTS = 400, 150, 12
TOOLS = ("Bash", "Read", "Edit", "Write", "Grep", "Glob", "Task", "WebFetch", "mcp__tracker__search_tickets")
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")
ERRORS = ("rate_limit", "overloaded", "timeout", "tool_error", "permission_denied")
COMMANDS = ("/commit", "/review", "/test", "/clear")
HOOKS = ("PreToolUse:Bash", "PostToolUse:Edit", "Stop")

Draw = random.Random


def _duration(draw: Draw, median_ms: float) -> str:
    return f'"duration_ms":{draw.expovariate(1 / median_ms):.3f}'


def _outcome(draw: Draw, success: float) -> str:
    """A known outcome as JSON, or none for one metric in a hundred."""
    if draw.random() < 0.01:
        return ""
    return ',"success":true' if draw.random() < success else ',"success":false'


def _tool_use(draw: Draw) -> str:
    return f'"tool_name":"{draw.choice(TOOLS)}",{_duration(draw, 700)}{_outcome(draw, 0.94)}'


def _token_usage(draw: Draw) -> str:
    written = draw.randrange(5_000)
    return (
        f'"model":"{draw.choice(MODELS)}","input_tokens":{draw.randrange(50)},'
        f'"output_tokens":{draw.randrange(1_500)},"cache_read_tokens":{draw.randrange(150_000)},'
        f'"cache_write_tokens":{written},"cache_write_1h_tokens":{written // 2}'
    )


def _agent_execution(draw: Draw) -> str:
    run = f'"agent_run_id":"run-{draw.getrandbits(32):08x}"'
    return f'"agent_id":"agent-{draw.randrange(AGENTS)}",{run},{_duration(draw, 60_000)}{_outcome(draw, 0.9)}'


def _error_occurred(draw: Draw) -> str:
    return f'"error_type":"{draw.choice(ERRORS)}"'


def _command_executed(draw: Draw) -> str:
    return f'"command_name":"{draw.choice(COMMANDS)}",{_duration(draw, 30)}{_outcome(draw, 0.98)}'


def _hook_triggered(draw: Draw) -> str:
    return f'"hook_name":"{draw.choice(HOOKS)}",{_duration(draw, 180)}{_outcome(draw, 0.97)}'


def _performance(draw: Draw) -> str:
    return f'"operation":"compaction",{_duration(draw, 40_000)},"success":true'


def _checkpoint_created(draw: Draw) -> str:
    return f'"file_count":{draw.randrange(1, 9)}'


PAYLOADS: dict[str, tuple[int, Callable[[Draw], str]]] = {
    "tool_use": (58, _tool_use),
    "token_usage": (25, _token_usage),
    "agent_execution": (4, _agent_execution),
    "hook_triggered": (4, _hook_triggered),
    "command_executed": (3, _command_executed),
    "error_occurred": (3, _error_occurred),
    "checkpoint_created": (2, _checkpoint_created),
    "performance": (1, _performance),
}
"""What happens in a session: the type of metric, how often (a weight), and what it says."""


def _session(draw: Draw) -> Iterator[str]:
    """The lines of one session."""
    session = f"{draw.getrandbits(64):016x}"
    rest_of_line = f'"session_id":"{session}","user_id":"person-{draw.randrange(PEOPLE)}","data":'
    now = FIRST_MOMENT + SPAN * draw.random()

    def line(kind: str, payload: str) -> str:
        moment = now.isoformat(timespec="milliseconds")
        known = f'"id":"{draw.getrandbits(128):032x}","timestamp":"{moment}","type":"{kind}",{rest_of_line}'
        return f'{{{known}{{{payload}}},"metadata":{{}}}}\n'

    yield line("session_start", f'"project_path":"/home/dev/project-{draw.randrange(PROJECTS)}"')
    weights = [weight for weight, _ in PAYLOADS.values()]
    for kind in draw.choices(list(PAYLOADS), weights, k=draw.randint(10, 500)):
        now += timedelta(milliseconds=draw.expovariate(1 / 7_000))
        yield line(kind, PAYLOADS[kind][1](draw))
    yield line("session_end", "")


def _sessions(draw: Draw) -> Iterator[str]:
    while True:
        yield from _session(draw)


def write_log(target: Path, lines: int, seed: int = 1) -> None:
    """Writes so many lines to `target`: all of them, or (if it is interrupted) no such file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    with unfinished.open("w", encoding="ascii") as file:
        file.writelines(islice(_sessions(Draw(seed)), lines))
    unfinished.replace(target)


if __name__ == "__main__":
    write_log(Path(sys.argv[2]), int(sys.argv[1]), *map(int, sys.argv[3:4]))
