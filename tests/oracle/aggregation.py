"""A question to its answer in the JSON form: the contract's section 3."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from . import measures as measure
from . import usage
from .attribution import attribute
from .reading import Metric
from .rows import GROUPINGS, group_rows, model_rows, session_rows, window_rows
from .windows import WINDOWS, window_start, windows_between

Filters = Mapping[str, str | Sequence[str]]

TYPES = (*WINDOWS, "by_session", *GROUPINGS, "by_model")
INSTANT = timedelta(microseconds=1)
FILTERS: dict[str, Callable[[Metric], Any]] = {
    **{name: itemgetter(name) for name in ("session_id", "user_id", "type", "project_path")},
    **{name: measure.field(name) for name in ("tool_name", "agent_id", "model", "error_type", "command_name")},
}


def aggregate(
    metrics: list[Metric],
    type: str,
    start: datetime | None = None,
    end: datetime | None = None,
    filters: Filters | None = None,
    zone: str = "UTC",
    fill: bool = False,
) -> dict[str, Any]:
    """The contract's answer, in its JSON form, without `start_time` and `end_time`.

    `metrics` are all there are, as `read_lines` gives them: they lend each other user and project before the
    range and the filters choose. `start` and `end` are aware, `zone` is an IANA name. With `fill`, an end of
    the range that isn't given is the first or last chosen metric; without one no such range has a window.
    An unknown type or filter is a ValueError, and so is `source`: the contract doesn't say where it stands.
    """
    if type not in TYPES:
        raise ValueError(f"no such aggregation: {type}")
    start, end = (bound and bound.astimezone(UTC) for bound in (start, end))
    chosen = [
        metric
        for metric in attribute(metrics)
        if (start is None or start <= metric["timestamp"])
        and (end is None or metric["timestamp"] < end)
        and _passes(metric, filters or {})
    ]
    if type in WINDOWS:
        rows = window_rows(type, _windows(type, chosen, start, end, zone, fill), zone)
    elif type == "by_session":
        rows = session_rows(chosen, ZoneInfo(zone))
    elif type == "by_model":
        rows = model_rows(chosen)
    else:
        rows = group_rows(type, chosen)
    return {"type": type, **_whole_range(chosen), "time_series": rows}


def _passes(metric: Metric, filters: Filters) -> bool:
    unknown = set(filters) - set(FILTERS)
    if unknown:
        raise ValueError(f"no such filter: {unknown}")
    wanted = {name: [value] if isinstance(value, str) else list(value) for name, value in filters.items()}
    return all(FILTERS[name](metric) in values for name, values in wanted.items())


def _windows(
    window: str, chosen: list[Metric], start: datetime | None, end: datetime | None, zone: str, fill: bool
) -> dict[datetime, list[Metric]]:
    """The chosen metrics by the first moment of their window, ascending."""
    starts = [window_start(window, metric["timestamp"], zone) for metric in chosen]
    keys = set(starts)
    first = start or min((metric["timestamp"] for metric in chosen), default=None)
    last = end - INSTANT if end else max((metric["timestamp"] for metric in chosen), default=None)
    if fill and first and last and first <= last:
        keys |= set(windows_between(window, first, last, zone))
    pairs = list(zip(starts, chosen, strict=True))
    return {key: [metric for at, metric in pairs if at == key] for key in sorted(keys)}


def _whole_range(chosen: list[Metric]) -> dict[str, Any]:
    success, failure = measure.outcomes(chosen)
    failed = [metric for metric in chosen if metric["type"] == "error_occurred"]
    tools = measure.groups(chosen, measure.field("tool_name"))
    agents = measure.groups(chosen, measure.field("agent_id"))
    return {
        "total_metrics": len(chosen),
        "total_sessions": measure.distinct(chosen, "session_id"),
        "total_users": measure.distinct(chosen, "user_id"),
        "total_errors": measure.errors(chosen),
        "duration_stats": measure.duration_stats(chosen),
        "token_stats": usage.token_stats(chosen),
        "cost_stats": usage.cost_stats(chosen),
        "success_metrics": {
            "success_count": success,
            "failure_count": failure,
            "success_rate": success / (success + failure) if success + failure else 0,
        },
        "breakdowns": {
            "by_type": measure.counts(metric["type"] for metric in chosen),
            "tools": {name: measure.calls(group) for name, group in tools.items()},
            "agents": {name: measure.calls(group) for name, group in agents.items()},
            "errors": measure.counts(metric["data"].get("error_type") for metric in failed),
            "models": usage.models(chosen),
        },
    }
