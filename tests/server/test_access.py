"""Who is let in: every set of scopes, every scope wanted, hosts, origins, with keys and without."""

from __future__ import annotations

from itertools import chain, combinations, product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.collector.keys import FILE, SCOPES, Keys, KeysUnusable, Scope
from tachograph.server.access import Access, AccessError, Granted

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = Granted("default", frozenset(SCOPES))
SETS: list[tuple[Scope, ...]] = list(chain.from_iterable(combinations(SCOPES, n) for n in (1, 2, 3)))
OURS = ("localhost", "LocalHost", "localhost:4318", "127.0.0.1", "127.0.0.1:4318", "[::1]", "[::1]:4318")
FOREIGN = (
    None,
    "",
    "example.com",
    "example.com:4318",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "localhost@example.com",
    "example.com@localhost",
    "localhost:4318:80",
    "localhost:",
    "localhost:a",
    "localhost,example.com",
    "localhost example.com",
    "localhost/",
    " localhost",
    "localhost\n",
    "localho\N{LATIN SMALL LETTER LONG S}t",
    "127.0.0.1\N{FULLWIDTH COLON}80",
    "127.0.0.1:\N{ARABIC-INDIC DIGIT ONE}",
    "0.0.0.0",  # noqa: S104 - a name that is asked for, nothing that is bound to
    "127.0.0.2",
    "127.1",
    "::1",
    "[::2]",
    "192.168.1.7",
)
NEVER_OURS = (
    "null",
    "",
    "https://example.com",
    "http://example.com:4318",
    "http://localhost.example.com",
    "http://localhost:4318.example.com",
    "http://localhost:3000",
    "http://evil@localhost:4318",
    "file://",
    "chrome-extension://abcdef",
    "localhost:4318",
)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def refusal(access: Access, authorization: str | None, host: str | None, scope: Scope, origin: str | None) -> int:
    with pytest.raises(AccessError) as refused:
        access.check(authorization, host, scope, origin)
    assert (refused.value.status == 401) <= bool(refused.value.challenge)
    return refused.value.status


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("host", OURS)
def test_without_keys_a_program_on_this_machine_may_do_everything(keys: Keys, host: str, scope: Scope) -> None:
    access = Access(keys, is_loopback=True)
    for origin in (None, f"http://{host}"):
        assert access.check(None, host, scope, origin) == EVERYTHING


@pytest.mark.parametrize("authorization", ["Bearer tg_x_y", "Basic eDp5", ""])
def test_a_key_that_is_shown_has_to_be_a_good_one_even_where_none_is_needed(keys: Keys, authorization: str) -> None:
    assert refusal(Access(keys, is_loopback=True), authorization, "localhost", "write", None) == 401


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("origin", [None, "http://localhost", "https://example.com"])
def test_without_keys_no_other_name_is_let_in(keys: Keys, host: str | None, origin: str | None) -> None:
    for scope in SCOPES:
        assert refusal(Access(keys, is_loopback=True), None, host, scope, origin) == 403


@pytest.mark.parametrize("host", OURS)
@pytest.mark.parametrize("origin", NEVER_OURS)
def test_without_keys_no_other_sites_page_is_let_in(keys: Keys, host: str, origin: str) -> None:
    for scope in SCOPES:
        assert refusal(Access(keys, is_loopback=True), None, host, scope, origin) == 403


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.from_regex(r"\A[a-z0-9.:@\[\]-]{1,30}\Z"), st.none() | st.text())
def test_without_keys_no_text_that_is_no_name_of_loopback_is_let_in(keys: Keys, host: str, origin: str | None) -> None:
    if host.lower().rpartition(":")[0] in OURS or host.lower() in OURS:
        return
    assert refusal(Access(keys, is_loopback=True), None, host, "read", origin) == 403


@pytest.mark.parametrize("host", [*OURS, "metrics.example.com"])
def test_without_keys_a_server_that_others_reach_lets_nobody_in(keys: Keys, host: str) -> None:
    for scope in SCOPES:
        assert refusal(Access(keys, is_loopback=False), None, host, scope, None) == 401
        assert refusal(Access(keys, is_loopback=False), "Bearer tg_00000000_00", host, scope, None) == 401


@pytest.mark.parametrize("is_loopback", [True, False])
@pytest.mark.parametrize("scopes", SETS)
def test_a_key_allows_its_scopes_in_its_tenant_and_nothing_else(
    keys: Keys, scopes: tuple[Scope, ...], is_loopback: bool
) -> None:
    _, secret = keys.create("acme", scopes, "", 0)
    access = Access(keys, is_loopback=is_loopback)
    for scope, host, origin in product(SCOPES, (*OURS, *FOREIGN), (None, "https://example.com")):
        if scope in scopes:
            granted = access.check(f"Bearer {secret}", host, scope, origin)
            assert granted == Granted("acme", frozenset(scopes))
        else:
            assert refusal(access, f"Bearer {secret}", host, scope, origin) == 403


@pytest.mark.parametrize("is_loopback", [True, False])
def test_as_soon_as_there_is_a_key_one_is_required_of_everybody(keys: Keys, is_loopback: bool) -> None:
    access = Access(keys, is_loopback=is_loopback)
    made, secret = Keys(keys.path.parent).create("acme", SCOPES, "", 0)
    others = (
        None,
        "",
        "Bearer",
        "Bearer ",
        secret,
        f"Basic {secret}",
        f"Bearer {secret} {secret}",
        f"Bearer\t{secret}",
        f"Bearer {secret}0",
        f"Bearer {secret[:-1]}",
        f"Bearer tg_{made.id}_{'0' * 64}",
        f"Bearer tg_{made.id}_",
        f"Bearer {made.id}",
    )
    for authorization, host, scope in product(others, (*OURS, *FOREIGN), SCOPES):
        assert refusal(access, authorization, host, scope, None) == 401
    for authorization in (f"Bearer {secret}", f"bearer {secret}", f"BEARER   {secret} "):
        assert access.check(authorization, "example.com", "read").tenant == "acme"


def test_each_key_is_of_its_own_tenant(keys: Keys) -> None:
    secrets = {tenant: keys.create(tenant, ["read"], "", 0)[1] for tenant in ("default", "acme", "umbrella")}
    access = Access(keys, is_loopback=True)
    for tenant, secret in secrets.items():
        assert access.check(f"Bearer {secret}", "localhost", "read").tenant == tenant


def test_a_revoked_key_is_refused_while_another_is_left(keys: Keys) -> None:
    made, secret = keys.create("acme", ["read"], "", 0)
    keys.create("default", ["read"], "", 0)
    access = Access(keys, is_loopback=True)
    assert access.check(f"Bearer {secret}", None, "read").tenant == "acme"
    Keys(keys.path.parent).revoke(made.id, 1)
    assert refusal(access, f"Bearer {secret}", "localhost", "read", None) == 401


def test_a_damaged_file_of_keys_lets_nobody_in(keys: Keys) -> None:
    _, secret = keys.create("acme", SCOPES, "", 0)
    (keys.path.parent / FILE).write_bytes(b"{}")
    for is_loopback, authorization in ((True, None), (True, f"Bearer {secret}"), (False, f"Bearer {secret}")):
        with pytest.raises(KeysUnusable):
            Access(Keys(keys.path.parent), is_loopback=is_loopback).check(authorization, "localhost", "read")
    assert refusal(Access(keys, is_loopback=False), None, "localhost", "read", None) == 401


def test_no_refusal_repeats_a_secret_and_each_says_what_its_header_needs(keys: Keys) -> None:
    _, secret = keys.create("acme", ["write"], "", 0)
    access = Access(keys, is_loopback=True)
    challenges = []
    for authorization in (None, f"Bearer {secret}0", f"Bearer {secret}"):
        with pytest.raises(AccessError) as refused:
            access.check(authorization, "localhost", "read")
        challenges.append(refused.value.challenge)
        assert secret not in f"{refused.value.message}{refused.value.challenge}"
    assert challenges == [
        "Bearer", 'Bearer error="invalid_token"', 'Bearer error="insufficient_scope", scope="read"',
    ]  # fmt: skip
