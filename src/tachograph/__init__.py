"""Tachograph, the analytics engine for AI agents.

`Recorder` and `AsyncRecorder` write a metrics log. `MetricsAggregator` answers questions about a `Store` or about a
metrics log (`MetricsParser`); `AggregationType` names them. `ask` answers any `Query` about either. The names below are
imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tachograph.aggregate.aggregator import MetricsAggregator
    from tachograph.aggregate.question import AggregationType
    from tachograph.aggregate.result import AggregationResult
    from tachograph.errors import BadQuestion, BadRecord, NoLogs, StoreUnusable, TachographError, UnreadableLog
    from tachograph.ingest.parser import MetricsParser
    from tachograph.insights.finding import find_insights
    from tachograph.insights.insight import Insight
    from tachograph.metric import Metric, MetricType, Reject
    from tachograph.query.asking import ask
    from tachograph.query.model import Query, QueryResult
    from tachograph.recorder.asynchronous import AsyncRecorder
    from tachograph.recorder.recorder import Recorder
    from tachograph.report.generator import ReportGenerator
    from tachograph.store.duckdb import Store

__version__: Final = "0.1.0"

__all__ = [
    "AggregationResult",
    "AggregationType",
    "AsyncRecorder",
    "BadQuestion",
    "BadRecord",
    "Insight",
    "Metric",
    "MetricType",
    "MetricsAggregator",
    "MetricsParser",
    "NoLogs",
    "Query",
    "QueryResult",
    "Recorder",
    "Reject",
    "ReportGenerator",
    "Store",
    "StoreUnusable",
    "TachographError",
    "UnreadableLog",
    "__version__",
    "ask",
    "find_insights",
]

_HOMES: Final = {
    "AggregationResult": "aggregate.result",
    "AggregationType": "aggregate.question",
    "AsyncRecorder": "recorder.asynchronous",
    "BadQuestion": "errors",
    "BadRecord": "errors",
    "Insight": "insights.insight",
    "Metric": "metric",
    "MetricType": "metric",
    "MetricsAggregator": "aggregate.aggregator",
    "MetricsParser": "ingest.parser",
    "NoLogs": "errors",
    "Query": "query.model",
    "QueryResult": "query.model",
    "Recorder": "recorder.recorder",
    "Reject": "metric",
    "ReportGenerator": "report.generator",
    "Store": "store.duckdb",
    "StoreUnusable": "errors",
    "TachographError": "errors",
    "UnreadableLog": "errors",
    "find_insights": "insights.finding",
    "ask": "query.asking",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
