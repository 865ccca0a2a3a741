"""Who may do what: a key says whose store it is for and what it allows.

While there is no key and the server listens on loopback alone, whoever is on this machine is let in, as tenant
`default` with all scopes; but a key that is shown has to be a good one. A web page is on this machine too, in
somebody's browser: so the request has to be addressed to a name of loopback (which DNS rebinding can't do: a page's
requests carry the name of its own site) and must not come from another site's page. A proxy in front of the server lets
others in as if they were on this machine: make a key before putting one there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.collector.keys import SCOPES, Scope
from tachograph.collector.tenants import DEFAULT

if TYPE_CHECKING:
    from tachograph.collector.keys import Keys

_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
_ORIGIN: Final = re.compile(r"https?://(.+)", re.ASCII | re.IGNORECASE)
_BEARER: Final = re.compile(r"bearer +([!-~]+) *", re.ASCII | re.IGNORECASE)


class Granted(msgspec.Struct, frozen=True):
    """Whose store may be used, and for what."""

    tenant: str
    scopes: frozenset[Scope]


_EVERYTHING: Final = Granted(DEFAULT, frozenset(SCOPES))


class AccessError(Exception):
    """Why a request isn't let in: `status` (401 without a good key, else 403) and `message`, which holds no secret."""

    def __init__(self, status: int, message: str, challenge: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.challenge = challenge
        """The header WWW-Authenticate that belongs to it (RFC 6750); None where a key wouldn't help."""


class Access:
    """The rules, for a server that listens on loopback alone, or not."""

    def __init__(self, keys: Keys, *, is_loopback: bool) -> None:
        self._keys = keys
        self._is_loopback = is_loopback

    def check(self, authorization: str | None, host: str | None, scope: Scope, origin: str | None = None) -> Granted:
        """What the request is granted, `scope` included.

        The headers are the request's Authorization, Host (gRPC's `:authority`) and Origin; None where it has none.
        Raises `AccessError`, and `KeysUnusable` where the file of the keys can't be read.
        """
        if self._is_loopback and authorization is None and self._keys.is_empty():
            return _as_neighbour(host, origin)
        return self._by_key(authorization, scope)

    def _by_key(self, authorization: str | None, scope: Scope) -> Granted:
        bearer = _BEARER.fullmatch(authorization) if authorization is not None else None
        if bearer is None:
            message = (
                "an API key is required: send it as 'Authorization: Bearer tg_…' ('tachograph keys create' makes one)"
            )
            raise AccessError(401, message, "Bearer")
        key = self._keys.find(bearer[1])
        if key is None:
            raise AccessError(401, "this API key is unknown, or was revoked", 'Bearer error="invalid_token"')
        if scope not in key.scopes:
            message = f"this API key hasn't the scope {scope!r}; it has {', '.join(sorted(key.scopes))}"
            raise AccessError(403, message, f'Bearer error="insufficient_scope", scope="{scope}"')
        return Granted(key.tenant, key.scopes)


def _as_neighbour(host: str | None, origin: str | None) -> Granted:
    """What whoever is on this machine is granted while there are no keys."""
    if host is None or not _LOOPBACK.fullmatch(host):
        message = (
            "while there are no API keys, the server has to be addressed as localhost, 127.0.0.1 or [::1]"
            " ('tachograph keys create' makes a key, which then is required)"
        )
        raise AccessError(403, message)
    if origin is not None and not _is_own(origin, host):
        raise AccessError(403, "while there are no API keys, no other site's page is let in")
    return _EVERYTHING


def _is_own(origin: str, host: str) -> bool:
    """Whether it is the origin of the pages that this server itself serves, under the name that was asked."""
    site = _ORIGIN.fullmatch(origin)
    return site is not None and site[1].lower() == host.lower()
