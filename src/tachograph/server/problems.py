"""What went wrong, as an answer: RFC 9457's form for people and programs, Google's `Status` for OTLP's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http import HTTPStatus

    from tachograph.errors import TachographError

PROTOBUF = "application/x-protobuf"


class Problem(Exception):  # noqa: N818 - what is answered, not what is raised for programs
    """An answer that isn't the wanted one. `code` is gRPC's for the same."""

    def __init__(
        self, status: HTTPStatus, what: str, *, mend: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(what)
        self.status = status
        self.what = what
        self.mend = mend
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, status: HTTPStatus, error: TachographError, headers: Mapping[str, str] | None = None) -> Problem:
        """What an error of ours is, without its place: that is the server's business."""
        return cls(status, error.what, mend=error.mend, headers=headers)

    def response(self) -> Response:
        """As `application/problem+json`."""
        told = {"type": "about:blank", "title": self.status.phrase, "status": self.status.value, "detail": self.what}
        if self.mend:
            told["mend"] = self.mend
        body = msgspec.json.encode(told)
        return Response(body, self.status.value, self.headers, media_type="application/problem+json")

    def otlp_response(self, form: str) -> Response:
        """As OTLP wants it: a `google.rpc.Status` whose message is for people.

        Source: https://opentelemetry.io/docs/specs/otlp/#failures
        """
        if form == PROTOBUF:
            text = self.what.encode()
            return Response(b"\x12" + _varint(len(text)) + text, self.status.value, self.headers, media_type=PROTOBUF)
        body = msgspec.json.encode({"message": self.what})
        return Response(body, self.status.value, self.headers, media_type="application/json")


def _varint(number: int) -> bytes:
    """A length as protobuf writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
