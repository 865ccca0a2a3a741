"""The document that describes the API, in OpenAPI 3.1, made of the same tables as the API itself."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from tachograph import __version__
from tachograph.server import problems, query_body, shapes
from tachograph.server.forms import CSV, JSON

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tachograph.server.endpoints import Endpoint
    from tachograph.server.parameters import Parameter

PATH: Final = "/openapi.json"
_ABOUT: Final = (
    "Every query and report of one tenant's metrics. Bodies are what the command line prints with --json; "
    "what each number means is in docs/numbers.md and docs/queries.md."
)
_HEADERS: Final = {
    "ETag": ("changes with the answer; send it as If-None-Match", {"type": "string"}),
    "Link": ("the next page, if there is one: rel=next", {"type": "string"}),
    "X-Total-Count": ("how many rows all pages have together, where that is known", {"type": "integer"}),
    "WWW-Authenticate": ("how to say who one is", {"type": "string"}),
    "Retry-After": ("after how many seconds to ask again", {"type": "integer"}),
}
_ERRORS: Final = {
    400: "the question can't be answered as it was asked",
    401: "a key is needed, and there is none or an unknown one",
    403: "the key doesn't allow it, or it isn't asked from here",
    406: "the answer can't be had in that form",
    503: "the store can't be had now, or too much is being asked",
    504: "the answer took too long",
}
_ERRORS_OF_BODIES: Final = {413: "the body is too long", 415: "the body isn't said to be JSON"}
_ERROR_HEADERS: Final = {401: ("WWW-Authenticate",), 503: ("Retry-After",)}


def document(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """All addresses, what can be asked there, and every answer that there can be."""
    paths: dict[str, Any] = {PATH: {"get": _OF_ITSELF}}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tachograph", "version": __version__, "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**shapes.components(), **query_body.SCHEMAS},
            "securitySchemes": {"key": _KEY},
        },
    }


_LICENSE: Final = {"name": "MIT", "identifier": "MIT"}
_KEY: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key that tachograph keys create made. While there is none, a server on loopback needs none.",
}
_OF_ITSELF: Final[dict[str, Any]] = {
    "operationId": "openapi",
    "summary": "This document.",
    "security": [],
    "responses": {"200": {"description": "the document", "content": {JSON.media_type: {"schema": {"type": "object"}}}}},
}


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    body = {} if endpoint.body is None else {"requestBody": _body(endpoint)}
    return {
        "operationId": endpoint.name,
        "summary": endpoint.what,
        "security": [{}, {"key": []}],  # without keys, programs of the server's machine need none
        "parameters": [
            *(_parameter(each, "path") for each in endpoint.places),
            *(_parameter(each, "query") for each in endpoint.parameters),
        ],
        **body,
        "responses": _responses(endpoint),
    }


def _parameter(parameter: Parameter, place: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": {"whole": "integer", "flag": "boolean"}.get(parameter.kind, "string")}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.pattern:
        schema["pattern"] = parameter.pattern
    if parameter.kind == "whole":
        schema |= {"minimum": 1, "maximum": parameter.most or 10**18 - 1}
    if parameter.usual is not None:
        schema["default"] = parameter.usual
    if place == "path" and not parameter.choices:
        schema["minLength"] = 1
    if parameter.repeated or parameter.kind == "names":
        schema = {"type": "array", "items": schema, "minItems": 1}
    told = {"name": parameter.name, "in": place, "description": parameter.what, "schema": schema}
    example = {} if parameter.example is None else {"example": parameter.example}
    return {**told, "required": place == "path", **example}


def _body(endpoint: Endpoint) -> dict[str, Any]:
    content = {"schema": endpoint.body, "example": endpoint.example}
    return {"required": True, "content": {JSON.media_type: content}}


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    pages = ("Link",) if any(each.name == "page" for each in endpoint.parameters) else ()
    totals = ("X-Total-Count",) if CSV in endpoint.forms else ()
    content = {
        form.media_type: {"schema": endpoint.schema if form is JSON else _OTHER_FORMS[form is CSV]}
        for form in endpoint.forms
    }
    errors = {
        **_ERRORS,
        **({404: "there is no such thing"} if endpoint.may_lack else {}),
        **(_ERRORS_OF_BODIES if endpoint.body is not None else {}),
    }
    return {
        "200": {"description": "the answer", "headers": _headers("ETag", *pages, *totals), "content": content},
        "304": {"description": "whoever asks has the answer already", "headers": _headers("ETag")},
        **{str(status): _error(status, what) for status, what in sorted(errors.items())},
    }


_OTHER_FORMS: Final[dict[bool, dict[str, Any]]] = {
    True: {"type": "string", "description": "the rows, with a line of titles"},
    False: {"type": "string", "format": "binary", "description": "the rows as one batch"},
}


def _error(status: int, what: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    example = {"title": HTTPStatus(status).phrase, "status": status, "detail": what}
    told = {"description": what, "content": {problems.MEDIA_TYPE: {"schema": schema, "example": example}}}
    headers = _ERROR_HEADERS.get(status, ())
    return {**told, **({"headers": _headers(*headers)} if headers else {})}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"description": _HEADERS[name][0], "schema": _HEADERS[name][1]} for name in names}
