"""The dashboard's files: what is served, to whom, and what a browser is told of it."""

from __future__ import annotations

import asyncio
import gzip
import re
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette

from tachograph.server.page import page_routes

if TYPE_CHECKING:
    from typing import Any

APP = Starlette(routes=page_routes())


def ask(method: str, path: str, **more: Any) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(APP)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **more)

    return asyncio.run(asked())


def assets() -> list[str]:
    return re.findall(r'"\./(assets/[^"]+)"', ask("GET", "/dashboard/").text)


def test_the_document_and_all_that_it_names_are_there() -> None:
    document = ask("GET", "/dashboard/")
    assert document.headers["content-type"] == "text/html; charset=utf-8"
    assert len(assets()) >= 2
    kinds = {ask("GET", f"/dashboard/{name}").headers["content-type"].partition(";")[0] for name in assets()}
    assert kinds == {"text/javascript", "text/css"}
    assert ask("GET", "/dashboard/icon.svg").headers["content-type"] == "image/svg+xml"


def test_the_licences_of_what_is_bundled_are_there() -> None:
    text = ask("GET", "/dashboard/licences.txt").text
    for name in ("echarts", "zrender", "preact"):
        assert re.search(rf"^{name} \d", text, re.MULTILINE)
    assert "Apache License" in text


@pytest.mark.parametrize("path", ["/", "/dashboard"])
def test_other_addresses_lead_there(path: str) -> None:
    answer = ask("GET", path)
    assert (answer.status_code, answer.headers["location"]) == (307, "dashboard/")


def test_nothing_may_run_or_load_but_what_is_of_the_server() -> None:
    policy = ask("GET", "/dashboard/").headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert not any("unsafe" in rule or "http" in rule or "data:" in rule or "*" in rule for rule in policy)


def test_nothing_is_written_into_the_document_that_would_have_to_run() -> None:
    text = ask("GET", "/dashboard/").text
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", text) == []


def test_browsers_are_told_what_it_is_and_to_tell_nobody() -> None:
    headers = ask("GET", "/dashboard/").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_what_is_named_by_its_content_may_be_kept_and_the_document_may_not() -> None:
    assert "immutable" in ask("GET", f"/dashboard/{assets()[0]}").headers["cache-control"]
    document = ask("GET", "/dashboard/")
    assert document.headers["cache-control"] == "no-cache"
    again = ask("GET", "/dashboard/", headers={"If-None-Match": document.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_it_is_compressed_for_whoever_takes_that() -> None:
    path = f"/dashboard/{assets()[0]}"
    plain = ask("GET", path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in ask("GET", path, headers={"Accept-Encoding": "gzip;q=0.0, br"}).headers
    packed = ask("GET", path, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, mtime=0))


@pytest.mark.parametrize("path", ["nothing.js", "%2e%2e/page.py", "assets/", "//etc/passwd"])
def test_nothing_else_is_served(path: str) -> None:
    answer = ask("GET", f"/dashboard/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_it_can_only_be_read() -> None:
    assert ask("POST", "/dashboard/").status_code == 405
    head = ask("HEAD", "/dashboard/")
    assert (head.status_code, head.content) == (200, b"")
