"""The document that describes the API has every address and no other, and real answers are as it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs
import pytest

from server.served import AGGREGATIONS
from tachograph.metric import METRIC_TYPES
from tachograph.query.condition_tables import condition
from tachograph.server.query_body import EXAMPLE

if TYPE_CHECKING:
    import httpx
    from starlette.routing import Route

    from server.served import Served


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    told: dict[str, Any] = served.get("/openapi.json").json()
    return told


def valid(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Asserts that the value is as the schema of the document says."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole)
    assert [error.message for error in validator.iter_errors(value)] == []


def as_told(document: dict[str, Any], path: str, method: str, answer: httpx.Response) -> None:
    told = document["paths"][path][method]["responses"][str(answer.status_code)]
    kind = answer.headers["content-type"].partition(";")[0]
    valid(document, told["content"][kind]["schema"], answer.json())


def test_every_route_is_in_it_and_nothing_else(served: Served, document: dict[str, Any]) -> None:
    routes = {cast("Route", route).path.replace("{id:path}", "{id}") for route in served.app.routes}
    assert document["paths"].keys() == routes - {"/api/v1/{rest:path}"}
    for path, operations in document["paths"].items():
        address = path.replace("{id}", "s1").replace("{dimension}", "tool")
        allowed = served.ask("OPTIONS", address).headers["allow"].replace(", HEAD", "")
        assert {method.upper() for method in operations} == set(allowed.split(", "))


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", AGGREGATIONS)
def test_aggregations_are_as_it_says(served: Served, document: dict[str, Any], name: str) -> None:
    path = f"/api/v1/aggregations/{name}"
    as_told(document, path, "get", served.get(path))


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/api/v1/summary", ""),
        ("/api/v1/query", "?by=day,tool&measures=count,duration_avg"),
        ("/api/v1/query", "?since=2026-03-10&until=2026-03-12&by=tool&compare=previous&limit=1&other=true"),
        ("/api/v1/insights", "?since=2026-03-01&until=2026-04-09&sensitivity=high"),
        ("/api/v1/sources", ""),
        ("/api/v1/values/{dimension}", ""),
        ("/api/v1/sessions/{id}", ""),
        ("/api/v1/timelines/{id}", ""),
        ("/api/v1/me", ""),
        ("/openapi.json", ""),
    ],
)
def test_other_answers_are_as_it_says(served: Served, document: dict[str, Any], path: str, asked: str) -> None:
    answer = served.get(path.replace("{dimension}", "tool").replace("{id}", "s1") + asked)
    assert answer.status_code == 200
    as_told(document, path, "get", answer)


def test_empty_answers_are_as_it_says(own: Served, document: dict[str, Any]) -> None:
    for name in AGGREGATIONS:
        path = f"/api/v1/aggregations/{name}"
        as_told(document, path, "get", own.get(path))
    as_told(document, "/api/v1/insights", "get", own.get("/api/v1/insights"))


def test_problems_are_as_it_says(served: Served, document: dict[str, Any]) -> None:
    path = "/api/v1/query"
    as_told(document, path, "get", served.get(f"{path}?by=nonsense"))
    as_told(document, path, "post", served.ask("POST", path, content=b"x"))


def test_a_schema_says_something(document: dict[str, Any]) -> None:
    """A row with a key too few or too many, or of another kind, isn't as it says."""
    schema = {"$ref": "#/components/schemas/ByToolRow"}
    row = dict.fromkeys(("count", "success", "failure", "tokens", "input_tokens", "output_tokens"), 1)
    row |= dict.fromkeys(("cache_read_tokens", "cache_write_tokens", "total_duration_ms", "avg_duration_ms"), 1)
    whole: dict[str, Any] = {**row, "tool": "Bash", "tokens_at_least": True, "cost_usd": 0.5, "cost_at_least": False}
    valid(document, schema, whole)
    for wrong in ({**whole, "more": 1}, {**whole, "count": "1"}, {**whole, "tool": None}, row):
        with pytest.raises(AssertionError):
            valid(document, schema, wrong)


CONDITIONS = (
    "tool=Bash",
    {"field": "tool", "any_of": ["Bash"]},
    {"field": "weekday", "none_of": [6, "sun"]},
    {"field": "tool", "prefix": "B"},
    {"field": "duration_ms", "above": 1.5, "at_most": 9},
    {"all": ["tool=Bash", {"any": [{"not": {"field": "user", "pattern": "a*"}}]}]},
)


@pytest.mark.parametrize("said", CONDITIONS)
def test_conditions_that_can_be_read_are_as_it_says(document: dict[str, Any], said: Any) -> None:
    condition(said, "where")
    valid(document, {"$ref": "#/components/schemas/Condition"}, said)


def test_the_example_of_a_query_is_one(served: Served, document: dict[str, Any]) -> None:
    valid(document, {"$ref": "#/components/schemas/QueryBody"}, EXAMPLE)
    assert served.post(EXAMPLE).status_code == 200


def test_examples_and_choices_of_parameters_can_be_meant(served: Served, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] == "path":
                continue
            asked = {"since": "2026-03-02", "until": "2026-03-03", "by": "tool,day"} if path.endswith("query") else {}
            said = [parameter["example"]] if "example" in parameter else []
            schema = parameter["schema"]
            said += schema.get("enum", schema.get("items", {}).get("enum", []))[:40]
            said += [schema["default"]] if "default" in schema else []
            for value in said:
                text = str(value).lower() if isinstance(value, bool) else value
                address = path.replace("{id}", "s1").replace("{dimension}", "tool")
                if parameter["name"] == "range":
                    asked = {}
                answer = served.get(address, params={**asked, parameter["name"]: text})
                assert answer.status_code in {200, 406}, (path, parameter["name"], value, answer.text)


def test_types_of_metrics_are_all_there(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/aggregations/daily"]["get"]["parameters"]
    (type_,) = (each for each in parameters if each["name"] == "type")
    assert set(type_["schema"]["items"]["enum"]) == METRIC_TYPES
