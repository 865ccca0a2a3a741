"""The page of the HTTP API's addresses and shapes, from the document that describes it (OpenAPI)."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from docs_text import code, escaped, page, table
from tachograph.server.api import endpoints
from tachograph.server.openapi import PATH, document

if TYPE_CHECKING:
    from collections.abc import Iterable

Schema = dict[str, Any]

INTRO: Final = """
# HTTP reference

<!-- Written by bench/make_docs.py from the server's own OpenAPI document. -->

Every address of [the HTTP API](http-api.md) that answers a question, with its parameters and the shape of what it
answers. `GET /openapi.json` of a server that runs has the same for programs. Errors are the same everywhere:
[ProblemDocument](#problemdocument).
"""
SHARED_BY: Final = 8
"""A parameter that so many addresses have is told once."""


def http_page() -> str:
    """All of it."""
    described = document(endpoints())
    operations = [
        (method.upper(), path, operation)
        for path, methods in described["paths"].items()
        if path != PATH
        for method, operation in methods.items()
    ]
    times = Counter(_row(each) for *_, operation in operations for each in operation.get("parameters", ()))
    shared = [row for row, number in times.items() if number >= SHARED_BY]
    parts = [INTRO, "## Parameters that many have", _parameters(shared), "## Addresses"]
    for method, path, operation in operations:
        parts += [f"### {method} {path}", escaped(operation["summary"])]
        rows = [_row(each) for each in operation.get("parameters", ())]
        if own := [row for row in rows if row not in shared]:
            parts.append(_parameters(own))
        if also := [code(name) for name, *_ in rows if any(name == each[0] for each in shared if each in rows)]:
            parts.append(f"Also {', '.join(also)}.")
        parts += _bodies(operation)
    parts.append("## Shapes")
    for name, schema in described["components"]["schemas"].items():
        parts += [f"### {name}", escaped(" ".join(schema.get("description", "").split())), _shape(schema)]
    return page(*parts)


def _row(parameter: Schema) -> tuple[str, str, str]:
    needed = " (required)" if parameter.get("required") else ""
    return (parameter["name"], _kind(parameter["schema"]), parameter.get("description", "") + needed)


def _parameters(rows: Iterable[tuple[str, str, str]]) -> str:
    return table(["parameter", "kind", "meaning"], ((code(name), kind, escaped(what)) for name, kind, what in rows))


def _bodies(operation: Schema) -> list[str]:
    """What is sent, if anything is, and what comes back."""
    sent = operation.get("requestBody", {}).get("content", {}).values()
    parts = [f"Body: {_kind(content['schema'])}." for content in sent]
    content = operation["responses"]["200"].get("content", {})
    if "application/json" in content:
        more = [code(form) for form in content if form != "application/json"]
        forms = f"; also as {' or '.join(more)}" if more else ""
        parts.append(f"Answers with {_kind(content['application/json']['schema'])}{forms}.")
    return parts


def _shape(schema: Schema) -> str:
    properties = schema.get("properties")
    if not properties:
        return f"{_kind({key: value for key, value in schema.items() if key != 'description'})}."
    needed = set(schema.get("required", ()))
    rows = [
        (code(name) + ("" if name in needed else " (optional)"), _kind(each), escaped(each.get("description", "")))
        for name, each in properties.items()
    ]
    if any(what for *_, what in rows):
        return table(["key", "kind", "meaning"], rows)
    return table(["key", "kind"], (row[:2] for row in rows))


def _one_of(values: list[str]) -> str:
    """Names that may have a minus before them are said once."""
    plain = [value for value in values if f"-{value}" in values]
    if len(values) == 2 * len(plain) > 0:
        return f"one of {', '.join(map(code, plain))}, or such a name with `-` before it"
    return f"one of {', '.join(map(code, values))}"


def _kind(schema: Schema) -> str:
    """What a value is, in words; shapes are links."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            kinds = [kind for each in schema[word] for kind in _kind(each).split(" or ")]
            return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return _one_of([str(each) for each in schema["enum"]])
    if "const" in schema:
        return code(str(schema["const"]))
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(_kind(schema | {"type": each}) for each in kind)
    if kind == "array":
        return f"list of {_kind(schema['items'])}" if "items" in schema else "list"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"]:
        return f"object of {_kind(schema['additionalProperties'])}"
    if "default" not in schema:
        return str(kind)
    usual = json.dumps(schema["default"]).strip('"')
    return f"{kind}, {code(usual)} unless said"
