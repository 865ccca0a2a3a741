"""An address on the network: whatever comes in, an answer or a problem goes out."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tachograph.collector.keys import SCOPES
from tachograph.errors import BadQuestion, TachographError
from tachograph.server.access import AccessError
from tachograph.server.exchange import Exchange
from tachograph.server.problems import Problem, bad_question, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import Receive, Scope, Send

    from tachograph.collector.tenants import Tenants
    from tachograph.server.access import Access, Granted
    from tachograph.server.endpoints import Endpoint, Need
    from tachograph.server.running import Runner

_GONE: Final = 499
"""What nobody gets: whoever asked is gone."""
_log: Final = logging.getLogger(__name__)


class Door:
    """The way in to one address, whatever the method."""

    def __init__(self, endpoints: Sequence[Endpoint], tenants: Tenants, access: Access, runner: Runner) -> None:
        self._endpoints: dict[str, Endpoint] = {endpoint.method: endpoint for endpoint in endpoints}
        self._tenants = tenants
        self._access = access
        self._runner = runner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await respond(self._answer, scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        endpoint = self._endpoint(request.method)
        granted = let_in(self._access, request, endpoint.need)
        return await Exchange(endpoint, request, granted, self._tenants.get(granted.tenant)).run(self._runner)

    def _endpoint(self, method: str) -> Endpoint:
        endpoint = self._endpoints.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            raise not_allowed([*self._endpoints, *(["HEAD"] if "GET" in self._endpoints else [])])
        return endpoint


async def respond(answer: Callable[[Request], Awaitable[Response]], scope: Scope, receive: Receive, send: Send) -> None:
    """Sends the answer to a request, or the problem with it. Whatever else goes wrong is logged, and told nobody."""
    request = Request(scope, receive)
    try:
        response = await answer(request)
    except BadQuestion as error:
        response = bad_question(error).response()
    except Problem as problem:
        response = problem.response()
    except ClientDisconnect:
        response = Response(status_code=_GONE)
    except Exception:  # noqa: BLE001 - the last resort: no traceback leaves the server
        _log.exception("%s %s", request.method, request.url.path)
        detail = "something went wrong in the server, whose log says what"
        response = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail).response()
    if request.method == "HEAD":
        response.body = b""  # its length stays that of the answer
    await response(scope, receive, send)


def not_allowed(methods: Sequence[str]) -> Problem:
    """There is no such method here, but these."""
    allowed = ", ".join(methods)
    return Problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "this address has no such method",
        mend=f"use {allowed}",
        headers={"Allow": allowed},
    )


def let_in(access: Access, request: Request, need: Need) -> Granted:
    """Who asks. Raises a 401 or 403 problem where they may not, and a 503 where nobody can be let in."""
    headers = request.headers
    scopes = SCOPES if need == "any" else (need,)
    for scope in scopes:
        try:
            return access.check(headers.get("authorization"), headers.get("host"), scope, headers.get("origin"))
        except AccessError as error:
            if scope == scopes[-1]:
                raise _refused(error) from None
        except TachographError as error:
            _log.error("%s", error)
            raise unavailable("nobody can be let in now", "see the server's log") from None
    raise AssertionError(scopes)


def _refused(error: AccessError) -> Problem:
    headers = {"WWW-Authenticate": error.challenge} if error.challenge else {}
    return Problem(HTTPStatus(error.status), error.message, headers=headers)
