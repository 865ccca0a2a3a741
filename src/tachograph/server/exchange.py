"""One request and its answer: understood, looked up by whoever has it already, asked, and put into the form wanted."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from tachograph import __version__
from tachograph.digest import digest
from tachograph.errors import BadQuestion, TachographError
from tachograph.metric import microseconds_of, moment
from tachograph.report.documents import as_json
from tachograph.server import paging
from tachograph.server.bodies import body_of
from tachograph.server.endpoints import Answer, Asked
from tachograph.server.forms import ARROW, CSV, wanted
from tachograph.server.headers import SECURITY_HEADERS
from tachograph.server.parameters import read
from tachograph.server.problems import unavailable
from tachograph.server.tables import as_arrow, as_csv
from tachograph.store import engine
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from tachograph.collector.tenants import Tenant
    from tachograph.server.access import Granted
    from tachograph.server.endpoints import Endpoint, Prepared
    from tachograph.server.forms import Form
    from tachograph.server.running import Runner, Turn

_NO_STORE: Final = "there is no store yet"
_log: Final = logging.getLogger(__name__)


class _Known(msgspec.Struct, frozen=True):
    """A question that was understood, where its page begins, and how the answer to it is tagged now."""

    question: Prepared
    offset: int
    asked_us: int
    tag: str


class _Made(msgspec.Struct, frozen=True):
    """An answer in its form, what it is tagged with (None: it changed meanwhile), and what is said beside it."""

    content: bytes
    tag: str | None
    headers: dict[str, str]


class Exchange:
    """One request of one endpoint, by somebody who was let in."""

    def __init__(self, endpoint: Endpoint, request: Request, granted: Granted, tenant: Tenant) -> None:
        self._endpoint = endpoint
        self._request = request
        self._granted = granted
        self._tenant = tenant
        self._values = read(endpoint.parameters, request.query_params.multi_items()) | request.path_params
        accept = ",".join(request.headers.getlist("accept"))
        self._form: Form = wanted(endpoint.forms, accept, self._values.get("format"))

    async def run(self, runner: Runner) -> Response:
        """The answer, or that whoever asks has it already. Raises `BadQuestion` and `Problem`."""
        body = await body_of(self._request) if self._endpoint.body is not None else b""
        known = await run_in_threadpool(self._understood, body)
        if self._has(known.tag):
            return Response(status_code=304, headers=self._headers(known.tag))
        made = await runner.run(lambda turn: self._made(known, turn), self._request.receive)
        headers = {**self._headers(made.tag), **made.headers, "Content-Type": self._form.content_type}
        return Response(made.content, headers=headers)

    def _understood(self, body: bytes) -> _Known:
        text = self._values.get("page")
        page = None if text is None else paging.read_token(text)
        now = datetime.now(UTC) if page is None else moment(page.asked_us)
        offset = page.offset if page else 0
        asked = Asked(granted=self._granted, values=self._values, body=body, now=now, offset=offset)
        question = self._endpoint.prepare(asked)
        if page is not None:
            paging.check(page, self._named(question))
        with _trouble():
            tag = self._tag(question, offset)
        return _Known(question, offset, microseconds_of(now), tag)

    def _named(self, question: Prepared) -> str:
        """The question, whose it is, and how long its pages are."""
        endpoint = self._endpoint
        whole = [self._granted.tenant, endpoint.method, endpoint.path, question.name, question.page_rows]
        return json.dumps(whole)

    def _tag(self, question: Prepared, offset: int) -> str:
        """What changes with the answer: with the question, the form, the program, and each commit to the store."""
        state = self._tenant.state() or _NO_STORE
        whole = f"{self._named(question)} {offset} {self._form.name} {__version__} {state}"
        return f'"{digest(whole.encode(), 20)}"'

    def _has(self, tag: str) -> bool:
        """Whether whoever asks has that answer."""
        tags = ",".join(self._request.headers.getlist("if-none-match"))
        return tag in {each.strip().removeprefix("W/") for each in tags.split(",")} or tags.strip() == "*"

    def _headers(self, tag: str | None) -> dict[str, str]:
        told = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
        return {**SECURITY_HEADERS, **told, **({"ETag": tag} if tag else {})}

    def _made(self, known: _Known, turn: Turn) -> _Made:
        """In a thread: the answer from the store, which is closed before the answer is put into its form."""
        turn.begin()
        with _trouble():
            answer, tag = self._answered(known, turn)
            turn.go_on()
            content = _content(answer, self._form)
        return _Made(content, tag, self._beside(known, answer))

    def _answered(self, known: _Known, turn: Turn) -> tuple[Answer, str | None]:
        ask = known.question.answer
        if isinstance(ask, Answer):
            return ask, known.tag
        with _asked(self._tenant) as store, turn.asking(store.connection):
            before = self._tag(known.question, known.offset)
            answer = ask(store)
            after = self._tag(known.question, known.offset)
        return answer, after if before == after else None

    def _beside(self, known: _Known, answer: Answer) -> dict[str, str]:
        """How many rows there are on all pages, and where the next page is."""
        headers = {} if answer.total is None else {"X-Total-Count": str(answer.total)}
        if answer.has_more:
            offset = known.offset + (known.question.page_rows or 0)
            token = paging.token(self._named(known.question), offset, known.asked_us).text()
            items = [(name, text) for name, text in self._request.query_params.multi_items() if name != "page"]
            address = f"{self._request.url.path}?{urlencode([*items, ('page', token)])}"
            headers["Link"] = f'<{address}>; rel="next"'
        return headers


@contextmanager
def _asked(tenant: Tenant) -> Iterator[Store]:
    """The tenant's store; an empty one where there is none yet."""
    with tenant.asked() if tenant.is_there() else Store.in_memory() as store:
        yield store


def _content(answer: Answer, form: Form) -> bytes:
    if form is CSV or form is ARROW:
        assert answer.table is not None
        return (as_csv if form is CSV else as_arrow)(answer.table())
    return as_json(answer.document()).encode()


@contextmanager
def _trouble() -> Iterator[None]:
    """What is wrong with the store or the machine is logged, and told as no more than that."""
    try:
        yield
    except BadQuestion:
        raise
    except (TachographError, OSError, engine.IOException) as error:
        _log.warning("%s", error)
        raise unavailable("the store can't be had now") from None
    except engine.Error as error:
        if not engine.is_out_of_memory(error):
            raise
        _log.warning("%s", error)
        raise unavailable("it takes more memory than there is", "ask for a shorter range, or later") from None
