"""What the JSON form of each answer looks like, for the document that describes the API.

These are never filled: answers are what the command line prints. The tests hold real answers against their schemas.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Literal

import msgspec

from tachograph.aggregate.question import AggregationType
from tachograph.aggregate.result import Condensed, CostStats, DurationStats, SuccessMetrics, TokenStats
from tachograph.aggregate.tables import columns_of
from tachograph.insights.insight import Also, Explanation, Insight
from tachograph.query.model import Compare, Weekday
from tachograph.server.problems import ProblemDocument
from tachograph.server.timeline_shapes import TimelineTold

_TYPES: Final[dict[str, Any]] = {
    "time": str,
    "text": str,
    "whole": int,
    "float": float,
    "flag": bool,
    "counts": dict[str, int],
}
_REFERENCES: Final = "#/components/schemas/{name}"


class CallStats(msgspec.Struct):
    """What was done with one tool, or by one agent."""

    count: int
    success: int
    failure: int
    total_duration_ms: float
    avg_duration_ms: float | None


class ModelStats(msgspec.Struct):
    """What one model was used for."""

    requests: int
    sessions: int
    tokens: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    tokens_at_least: bool
    cost_usd: float
    cost_at_least: bool


class BreakdownStats(msgspec.Struct):
    """Counts by type and kind of error, calls by tool and agent, use by model."""

    by_type: dict[str, int]
    tools: dict[str, CallStats]
    agents: dict[str, CallStats]
    errors: dict[str, int]
    models: dict[str, ModelStats]


class QueryAsked(msgspec.Struct):
    """The query as it was understood."""

    measures: list[str]
    by: list[str]
    since: str | None
    until: str | None
    timezone: str
    where: str | None
    order: list[str]
    limit: int | None
    other: bool
    fill: bool
    week_start: Weekday
    month_start: int
    rolling: int
    compare: Compare | None


class QueryAnswer(msgspec.Struct):
    """A query and its answer: measure → value, and in rows also dimension → value."""

    query: QueryAsked
    start: str | None
    end: str | None
    total: dict[str, Any]
    rows: list[dict[str, Any]]
    exact: bool
    at_least: list[str]
    truncated: bool


class ValueCount(msgspec.Struct):
    """A value, and how many metrics have it."""

    value: str
    count: int


class Values(msgspec.Struct):
    """The values of a dimension, the most used first."""

    dimension: str
    values: list[ValueCount]
    truncated: bool
    """Whether there are more."""


class SourceStats(msgspec.Struct):
    """What there is of one source, and when the first and the last of it happened."""

    name: str
    metrics: int
    lines_rejected: int
    first: str | None
    last: str | None


class Sources(msgspec.Struct):
    """The sources that the store has something of."""

    sources: list[SourceStats]


class Me(msgspec.Struct):
    """Whose data the key gives access to, and what it allows."""

    tenant: str
    scopes: list[Literal["admin", "read", "write"]]


def _many(shape: type[msgspec.Struct]) -> Any:
    """A list of what was only made when the program runs."""
    return list.__class_getitem__(shape)


_INSIGHT_FIELDS: Final = {"explanations": list[Explanation], "also": list[Also]}
InsightTold: Final = msgspec.defstruct(
    "InsightTold",
    [
        *(
            (field.name, _INSIGHT_FIELDS.get(field.name, field.type))
            for field in msgspec.structs.fields(Insight)
            if field.name != "query"
        ),
        ("command", str),
    ],
)
Insights: Final = msgspec.defstruct(
    "Insights",
    [
        ("demo", bool),
        ("since", str),
        ("until", str),
        ("timezone", str),
        ("sensitivity", str),
        ("comparisons", int),
        ("active_days", int),
        ("past_days", int),
        ("past_days_needed", int),
        ("latest", str | None),
        ("at_least", list[str]),
        ("exact", bool),
        ("insights", _many(InsightTold)),
    ],
)


def _field(name: str, kind: str) -> tuple[str, Any]:
    wide = _TYPES[kind]
    return (name, wide | None) if name == "avg_duration_ms" else (name, wide)


@cache
def aggregation_shape(kind: AggregationType) -> type[msgspec.Struct]:
    """The answer of an aggregation of that type."""
    name = "".join(part.capitalize() for part in kind.value.split("_"))
    row = msgspec.defstruct(f"{name}Row", [_field(column, what) for column, what in columns_of(kind)])
    return msgspec.defstruct(
        f"{name}Answer",
        [
            ("type", Literal[kind.value]),
            ("start_time", str | None),
            ("end_time", str | None),
            ("total_metrics", int),
            ("total_sessions", int),
            ("total_users", int),
            ("total_errors", int),
            ("duration_stats", DurationStats),
            ("token_stats", TokenStats),
            ("cost_stats", CostStats),
            ("success_metrics", SuccessMetrics),
            ("breakdowns", BreakdownStats),
            ("time_series", _many(row)),
            ("condensed", Condensed | msgspec.UnsetType, msgspec.UNSET),
        ],
    )


Summary: Final = msgspec.defstruct(
    "Summary",
    [
        ("demo", bool),
        ("daily", aggregation_shape(AggregationType.DAILY)),
        ("by_project", aggregation_shape(AggregationType.BY_PROJECT)),
    ],
)
QUERY: Final = QueryAnswer
VALUES: Final = Values
SOURCES: Final = Sources
TIMELINE: Final = TimelineTold
ME: Final = Me
INSIGHTS: Final = Insights
SUMMARY: Final = Summary
_ALL: Final = (QUERY, VALUES, SOURCES, TIMELINE, ME, INSIGHTS, SUMMARY, *map(aggregation_shape, AggregationType))


def schema_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Where the document has the schema of that shape."""
    return {"$ref": _REFERENCES.format(name=shape.__name__)}


def components() -> dict[str, Any]:
    """The schemas of all answers, and of what they are made of."""
    _, answers = msgspec.json.schema_components(_ALL, ref_template=_REFERENCES)
    _, problems = msgspec.json.schema_components([ProblemDocument], ref_template=_REFERENCES)
    strict = {name: _strict(schema) for name, schema in answers.items()}
    return dict(sorted({**strict, **problems}.items()))


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """All that is there always is required, and there is nothing else. A sum that no float holds is null."""
    properties = {name: _nullable(each) for name, each in schema["properties"].items()}
    required = [name for name in properties if name != "condensed"]
    return {**schema, "properties": properties, "required": required, "additionalProperties": False}


def _nullable(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_nullable(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: _nullable(each) for name, each in schema.items() if name != "default"}
    if changed.get("type") == "number":
        changed["type"] = ["number", "null"]
    return changed
