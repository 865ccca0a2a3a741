"""Whether a request may do what it wants to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from tachograph.errors import TachographError
from tachograph.server.access import AccessError
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from tachograph.collector.keys import Scope
    from tachograph.server.access import Access, Granted


def granted(request: Request, access: Access, scope: Scope) -> Granted:
    """Whose request it is. Raises `Problem` (401, 403; 503 where the keys can't be read)."""
    headers = request.headers
    try:
        return access.check(headers.get("authorization"), headers.get("host"), scope, headers.get("origin"))
    except AccessError as error:
        status = HTTPStatus(error.status)
        challenge = {"WWW-Authenticate": error.challenge} if error.challenge else None
        raise Problem(status, error.message, headers=challenge) from None
    except TachographError as error:
        raise Problem.of(HTTPStatus.SERVICE_UNAVAILABLE, error) from None
