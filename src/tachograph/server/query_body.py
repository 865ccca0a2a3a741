"""The document that asks a query, for the document that describes the API. `query/document.py` is what reads it."""

from __future__ import annotations

from typing import Any, Final, get_args

from tachograph.query.keys import KEYS
from tachograph.query.model import AMOUNTS, CLOCK, NAMES, Compare

_NAMES: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    ]
}
_WHOLE: Final[dict[str, Any]] = {"type": "integer", "minimum": 1}
_FLAG: Final[dict[str, Any]] = {"type": "boolean"}
_TEXT: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    "measures": _NAMES,
    "by": _NAMES,
    "order": _NAMES,
    "limit": _WHOLE,
    "other": _FLAG,
    "fill": _FLAG,
    "month_start": {**_WHOLE, "maximum": 28},
    "rolling": {**_WHOLE, "maximum": 1000},
    "compare": {"enum": list(get_args(Compare))},
}
_CONDITION: Final = {"$ref": "#/components/schemas/Condition"}
_CONDITIONS: Final[dict[str, Any]] = {"type": "array", "items": _CONDITION, "minItems": 1}
_BOUND: Final[dict[str, Any]] = {"type": ["number", "string"]}

QUERY_BODY: Final = {"$ref": "#/components/schemas/QueryBody"}
EXAMPLE: Final = {
    "measures": ["count", "duration_p95"],
    "by": ["tool"],
    "since": "2026-03-01",
    "until": "2026-03-31",
    "where": {"all": [{"field": "type", "any_of": ["tool_use"]}, "duration_ms>=1000"]},
    "limit": 5,
    "other": True,
}
_QUERY: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A query, in the words of docs/queries.md.",
    "properties": {
        **{name: {"description": key.what, **_SCHEMAS.get(name, _TEXT)} for name, key in KEYS.items()},
        "where": {"description": "only what meets it, or all of them", "anyOf": [_CONDITION, _CONDITIONS]},
    },
    "additionalProperties": False,
}
_TEST: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "field": {"enum": [*NAMES, *CLOCK, *AMOUNTS]},
        **{
            name: {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1}
            for name in ("any_of", "none_of")
        },
        "prefix": {"type": "string"},
        "pattern": {"type": "string"},
        **dict.fromkeys(("at_least", "above", "at_most", "below"), _BOUND),
    },
    "required": ["field"],
    "minProperties": 2,
    "additionalProperties": False,
}


def _group(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: schema}, "required": [name], "additionalProperties": False}


SCHEMAS: Final[dict[str, Any]] = {
    "QueryBody": _QUERY,
    "Condition": {
        "description": "A condition as text, or as a table: docs/queries.md has examples of both.",
        "anyOf": [
            {"type": "string"},
            _TEST,
            _group("all", _CONDITIONS),
            _group("any", _CONDITIONS),
            _group("not", _CONDITION),
        ],
    },
}
