"""Who is let in where: every route, with every set of scopes, another tenant's key, none, and a revoked one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, cast

import pytest

from cli.made_up import metric
from server.served import Served, problem
from tachograph.collector.keys import SCOPES
from tachograph.server.api import api_routes, endpoints

if TYPE_CHECKING:
    import httpx
    from starlette.routing import Route

    from tachograph.collector.keys import Scope
    from tachograph.server.endpoints import Endpoint

SETS = [frozenset(some) for size in range(1, 4) for some in combinations(SCOPES, size)]
ENDPOINTS = endpoints()
BOTH = ("default", "acme")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Two tenants, each with metrics that tell whose they are."""
    served = Served(tmp_path_factory.mktemp("home"))
    for tenant in BOTH:
        lines = [metric(f"m{n}", "2026-03-01T09:00:00Z", session="s1", user=f"{tenant}-user") for n in range(3)]
        served.load(lines, tenant)
    served.key("write")
    return served


def address(endpoint: Endpoint) -> str:
    return endpoint.path.replace("{id}", "s1").replace("{dimension}", "user")


def asked(served: Served, endpoint: Endpoint, key: str | None, **more: dict[str, str]) -> httpx.Response:
    document = {"json": {"by": ["user"]}} if endpoint.method == "POST" else {}
    return served.ask(endpoint.method, address(endpoint), key, **document, **more)


each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)


def test_every_route_but_the_description_and_the_one_for_the_rest_is_an_endpoint(guarded: Served) -> None:
    paths = {cast("Route", route).path.replace(":path", "") for route in guarded.app.routes}
    assert paths == {endpoint.path for endpoint in ENDPOINTS} | {"/openapi.json", "/api/v1/{rest}"}
    assert len(api_routes(guarded.tenants, guarded.access)) == len(paths)


@each_endpoint
@pytest.mark.parametrize("scopes", SETS, ids=lambda scopes: "+".join(sorted(scopes)))
def test_a_key_opens_what_its_scopes_say(guarded: Served, endpoint: Endpoint, scopes: frozenset[Scope]) -> None:
    answer = asked(guarded, endpoint, guarded.key(*scopes))
    if endpoint.name == "me":
        assert answer.json() == {"tenant": "default", "scopes": sorted(scopes)}
    elif "read" in scopes:
        assert answer.status_code == 200
    else:
        problem(answer, 403)


@each_endpoint
def test_nobody_gets_in_without_a_key_or_with_one_that_is_none(guarded: Served, endpoint: Endpoint) -> None:
    good = guarded.key("read")
    revoked = guarded.key("read", "write", "admin")
    guarded.keys.revoke(revoked.split("_")[1], 1)
    for key in (
        None,
        revoked,
        good[:-1],
        good + "0",
        good.replace("tg_", "TG_"),
        "x",
        "\u00e9".encode().decode("latin-1"),
    ):
        answer = asked(guarded, endpoint, key)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    basic = asked(guarded, endpoint, None, headers={"Authorization": f"Basic {good}"})
    problem(basic, 401)


@each_endpoint
@pytest.mark.parametrize("tenant", BOTH)
def test_a_key_shows_its_own_tenants_data_alone(guarded: Served, endpoint: Endpoint, tenant: str) -> None:
    other = next(name for name in BOTH if name != tenant)
    answer = asked(guarded, endpoint, guarded.key("read", tenant=tenant))
    assert answer.status_code == 200
    assert f"{other}-user" not in answer.text
    if endpoint.name in {"aggregations_users", "query_document", "values"}:
        assert f"{tenant}-user" in answer.text


@each_endpoint
def test_a_tenant_without_a_store_sees_nothing_of_anybody(guarded: Served, endpoint: Endpoint) -> None:
    answer = asked(guarded, endpoint, guarded.key("read", tenant="nobody"))
    assert answer.status_code == (404 if endpoint.may_lack and "{id}" in endpoint.path else 200)
    assert "-user" not in answer.text
    assert not (guarded.home / "tenants" / "nobody").exists()


@each_endpoint
def test_while_there_are_no_keys_neighbours_are_let_in_and_other_sites_are_not(own: Served, endpoint: Endpoint) -> None:
    assert asked(own, endpoint, None).status_code == (404 if endpoint.may_lack and "{id}" in endpoint.path else 200)
    problem(asked(own, endpoint, None, headers={"Host": "evil.example"}), 403)
    problem(asked(own, endpoint, None, headers={"Origin": "https://evil.example"}), 403)


def test_the_description_is_open_to_everybody(guarded: Served) -> None:
    assert guarded.get("/openapi.json").status_code == 200
    assert guarded.get("/openapi.json", "nonsense").status_code == 200


def test_the_tag_of_an_answer_does_not_open_the_door(guarded: Served) -> None:
    tag = guarded.get("/api/v1/summary", guarded.key("read")).headers["etag"]
    problem(guarded.get("/api/v1/summary", headers={"If-None-Match": tag}), 401)
    problem(guarded.get("/api/v1/summary", guarded.key("write"), headers={"If-None-Match": "*"}), 403)
