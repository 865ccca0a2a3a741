"""What went wrong, as a document of RFC 9457: what happened, where, and what to do. Never more than that."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from tachograph.server.headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tachograph.errors import BadQuestion, TachographError

MEDIA_TYPE: Final = "application/problem+json"


class ProblemDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why there is no answer."""

    title: str
    """The status in words."""
    status: int
    detail: str
    """What happened."""
    parameter: str | None = None
    """Where: the parameter, or the place in the body."""
    mend: str | None = None
    """What to do about it."""


class Problem(Exception):  # noqa: N818 - the name of what is sent
    """There is no answer but this one."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        parameter: str | None = None,
        mend: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.document = ProblemDocument(status.phrase, int(status), detail, parameter, mend)
        self.headers = headers or {}

    @classmethod
    def of(cls, status: HTTPStatus, error: TachographError, headers: Mapping[str, str] | None = None) -> Problem:
        """What an error of ours is, without its place: that is the server's business."""
        return cls(status, error.what, mend=error.mend, headers=headers)

    def response(self) -> Response:
        """What is sent."""
        headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Vary": "Accept, Authorization", **self.headers}
        content = msgspec.json.encode(self.document)
        return Response(content, self.document.status, headers, media_type=MEDIA_TYPE)


def bad_question(error: BadQuestion) -> Problem:
    """What can't be answered as it was asked."""
    return Problem(HTTPStatus.BAD_REQUEST, error.what, parameter=error.where, mend=error.mend)


def unavailable(detail: str, mend: str = "ask again in a moment") -> Problem:
    """There is no answer now, and may be one later."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, mend=mend, headers={"Retry-After": "2"})
