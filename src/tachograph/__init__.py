"""Tachograph, the analytics engine for AI agents.

`MetricsAggregator` answers questions about a `Store` or about a metrics log (`MetricsParser`); `AggregationType`
names them. The names below are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tachograph.aggregate.aggregator import MetricsAggregator
    from tachograph.aggregate.question import AggregationType
    from tachograph.aggregate.result import AggregationResult
    from tachograph.errors import BadQuestion, NoLogs, StoreUnusable, TachographError, UnreadableLog
    from tachograph.ingest.parser import MetricsParser
    from tachograph.metric import Metric, MetricType, Reject
    from tachograph.store.duckdb import Store

__version__: Final = "0.1.0"

__all__ = [
    "AggregationResult",
    "AggregationType",
    "BadQuestion",
    "Metric",
    "MetricType",
    "MetricsAggregator",
    "MetricsParser",
    "NoLogs",
    "Reject",
    "Store",
    "StoreUnusable",
    "TachographError",
    "UnreadableLog",
    "__version__",
]

_HOMES: Final = {
    "AggregationResult": "aggregate.result",
    "AggregationType": "aggregate.question",
    "BadQuestion": "errors",
    "Metric": "metric",
    "MetricType": "metric",
    "MetricsAggregator": "aggregate.aggregator",
    "MetricsParser": "ingest.parser",
    "NoLogs": "errors",
    "Reject": "metric",
    "Store": "store.duckdb",
    "StoreUnusable": "errors",
    "TachographError": "errors",
    "UnreadableLog": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
