"""What a session lends to its metrics: the contract's section 2."""

from collections.abc import Callable
from typing import Any

from .reading import Metric


def attribute(metrics: list[Metric]) -> list[Metric]:
    """The same metrics in the same order, with their effective `user_id` and `project_path`.

    Both are None where neither the metric nor its session has one.
    """
    return [
        {
            **metric,
            "user_id": _effective(metric, metrics, lambda m: m["user_id"]),
            "project_path": _effective(metric, metrics, lambda m: m["data"].get("project_path")),
        }
        for metric in metrics
    ]


def _effective(metric: Metric, metrics: list[Metric], own: Callable[[Metric], Any]) -> Any:
    if own(metric) is not None or metric["session_id"] is None:
        return own(metric)
    session = [other for other in metrics if other["session_id"] == metric["session_id"]]
    session.sort(key=lambda other: (other["timestamp"], other["id"]))
    return next((own(other) for other in session if own(other) is not None), None)
