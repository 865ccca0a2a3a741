"""What rows are by and what conditions are on: the "Dimensions" and "Filters" of docs/queries.md."""

import re
from collections.abc import Callable
from fractions import Fraction
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from tachograph.query.model import All, Any_, AnyOf, Between, Filter, NoneOf, Not, Pattern, Prefix

from . import measures as measure
from . import usage
from .attribution import attribute
from .reading import Metric

Field = Callable[[Metric], Any]
OUTCOMES = {True: "success", False: "failure", None: None}

NAMES: dict[str, Field] = {
    "session": itemgetter("session_id"),
    "user": itemgetter("user_id"),
    "project": itemgetter("project_path"),
    "type": itemgetter("type"),
    "tool": measure.field("tool_name"),
    "agent": measure.field("agent_id"),
    "acting_agent": itemgetter("acting_agent"),
    "model": measure.field("model"),
    "source": lambda _: "metrics-log",  # the only one that is read here
    "error_type": measure.field("error_type"),
    "command": measure.field("command_name"),
    "operation": measure.field("operation"),
    "hook": measure.field("hook_name"),
    "outcome": lambda metric: OUTCOMES[measure.succeeded(metric)],
}


AMOUNTS: dict[str, Field] = {
    "duration_ms": measure.duration_ms,
    "tokens": measure.told_tokens,
    "cost_usd": usage.cost_usd,
}
CLOCK = ("hour_of_day", "weekday")


def attributed(metrics: list[Metric]) -> list[Metric]:
    """The metrics with the user, the project and the `acting_agent` that they have of others."""
    runs: dict[str | None, set[str]] = {}
    for metric in metrics:
        run, agent = metric["data"].get("agent_run_id"), metric["data"].get("agent_id")
        if run is not None and agent is not None:
            runs.setdefault(run, set()).add(agent)
    return [{**metric, "acting_agent": _acting_agent(metric["data"], runs)} for metric in attribute(metrics)]


def _acting_agent(data: dict[str, Any], runs: dict[str | None, set[str]]) -> str | None:
    own: str | None = data.get("agent_id")
    return min(runs.get(data.get("agent_run_id"), ()), default=None) if own is None else own


def value(field: str, metric: Metric, zone: str) -> Any:
    """The metric's value of a dimension that is no window, or of an amount; None if it has none."""
    if field in CLOCK:
        wall = metric["timestamp"].astimezone(ZoneInfo(zone))
        return wall.hour if field == "hour_of_day" else wall.isoweekday()
    return (NAMES | AMOUNTS)[field](metric)


def meets(condition: Filter, metric: Metric, zone: str) -> bool:
    """Whether a metric passes a filter."""
    if isinstance(condition, All):
        return all(meets(part, metric, zone) for part in condition.of)
    if isinstance(condition, Any_):
        return any(meets(part, metric, zone) for part in condition.of)
    if isinstance(condition, Not):
        return not meets(condition.of, metric, zone)
    own = value(condition.field, metric, zone)
    if isinstance(condition, NoneOf):
        return own not in condition.values
    return own is not None and _is_so(condition, own)


def _is_so(condition: AnyOf | Prefix | Pattern | Between, own: Any) -> bool:
    if isinstance(condition, AnyOf):
        return own in condition.values
    if isinstance(condition, Prefix):
        return bool(own[: len(condition.text)] == condition.text)
    if isinstance(condition, Pattern):
        any_text = {"*": ".*", "?": "."}
        pattern = "".join(any_text.get(char, re.escape(char)) for char in condition.glob)
        return re.fullmatch(pattern, own, re.DOTALL) is not None
    low, high = (_bound(condition.field, bound) for bound in (condition.low, condition.high))
    above = low is None or own > low or (own == low and not condition.low_outside)
    return above and (high is None or own < high or (own == high and not condition.high_outside))


def _bound(field: str, bound: float | None) -> float | Fraction | None:
    """Of a cost as it is written: 0.1 is a tenth, not the float nearest to it."""
    return bound if bound is None or field != "cost_usd" else Fraction(str(bound))
