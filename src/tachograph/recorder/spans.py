"""Context managers that time what they wrap, judge it, and record it when it ends; for `with` and for `async with`.

It was a success if nothing was raised, and a failure if an exception was, whose class is the `error_type`. What was
cancelled or interrupted (`CancelledError`, `KeyboardInterrupt`) is neither, because it might have succeeded; the
`error_type` says which. What the wrapped code says itself goes first. The exception goes on in any case. The record has
the moment at which it began.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Generic

from tachograph.recorder.stamps import Moment, next_id, now
from tachograph.recorder.typed import Answer_co, TypedRecords

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self


class Span(Generic[Answer_co]):
    """Something that is going on. May be used once."""

    def __init__(
        self,
        records: TimedRecords[Answer_co],
        type: str,
        data: dict[str, Any],
        *,
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        self.id = next_id()
        """The id of the record."""
        self.session_id = session_id
        self._records = records
        self._type = type
        self._data = data
        self._user_id = user_id
        self._metadata = metadata
        self._told: dict[str, Any] = {}
        self._moment = Moment("")
        self._start_ns = 0
        self._check(data)

    @property
    def success(self) -> bool | None:
        """What was said of the outcome; None where nothing was."""
        said: bool | None = self._told.get("success")
        return said

    @success.setter
    def success(self, success: bool | None) -> None:
        self._tell("success", success)

    @property
    def error_type(self) -> str | None:
        """What was said of the kind of error; None where nothing was."""
        said: str | None = self._told.get("error_type")
        return said

    @error_type.setter
    def error_type(self, error_type: str | None) -> None:
        self._tell("error_type", error_type)

    def add(self, **data: Any) -> None:
        """Adds to what will be recorded. Raises `BadRecord` as recording does."""
        self._check(data)
        self._told.update(data)

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end(kind)

    async def __aenter__(self) -> Self:
        self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        answer = self._end(kind)
        if isinstance(answer, Awaitable):
            await answer

    def _tell(self, name: str, value: object) -> None:
        self._check({name: value})
        self._told[name] = value

    def _check(self, data: Mapping[str, Any]) -> None:
        self._records.check(self._type, data, self.session_id, self._user_id, self._metadata)

    def _begin(self) -> None:
        self._moment = Moment(now())
        self._start_ns = perf_counter_ns()

    def _end(self, kind: type[BaseException] | None) -> Answer_co:
        data = {**self._data, **self._timed(), **_judged(kind), **self._told}
        return self._put(self.id, self._type, data, self._moment)

    def _timed(self) -> dict[str, Any]:
        return {"duration_ms": (perf_counter_ns() - self._start_ns) / 1e6}

    def _put(self, id: str, type: str, data: Mapping[str, Any], moment: Moment) -> Answer_co:
        return self._records._record(  # noqa: SLF001 - the two are one piece, cut for its length
            type, data, {}, id, moment, self.session_id, self._user_id, self._metadata
        )


class SessionSpan(Span[Answer_co]):
    """A session that is going on: its start was recorded when it began, its end is when it ends.

    Its end has no duration, which would count beside those of all that happened in it.
    """

    def _begin(self) -> None:
        super()._begin()
        self._put(next_id(), "session_start", self._data, self._moment)

    def _end(self, kind: type[BaseException] | None) -> Answer_co:
        return self._put(self.id, self._type, {**self._data, **_judged(kind), **self._told}, Moment(now()))


def _judged(kind: type[BaseException] | None) -> dict[str, Any]:
    if kind is None:
        return {"success": True}
    failed = {"success": False} if issubclass(kind, Exception) else {}
    return {**failed, "error_type": kind.__name__}


class TimedRecords(TypedRecords[Answer_co]):
    """Records of what a context manager wraps. All of these raise `BadRecord` for what can't be a metric."""

    @abstractmethod
    def check(
        self,
        type: str,
        data: Mapping[str, Any],
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        """Raises `BadRecord` where recording that would; records nothing."""

    @abstractmethod
    def _own_session_id(self) -> str | None:
        """The session of records that name none."""

    def tool(
        self,
        tool_name: str,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Span[Answer_co]:
        """Wraps the use of a tool: a `tool_use`."""
        return self._span("tool_use", {"tool_name": tool_name, **data}, session_id, user_id, metadata)

    def agent(
        self,
        agent_id: str,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Span[Answer_co]:
        """Wraps an agent's run: an `agent_execution`."""
        return self._span("agent_execution", {"agent_id": agent_id, **data}, session_id, user_id, metadata)

    def command(
        self,
        command_name: str,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Span[Answer_co]:
        """Wraps a command: a `command_executed`."""
        return self._span("command_executed", {"command_name": command_name, **data}, session_id, user_id, metadata)

    def hook(
        self,
        hook_name: str,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Span[Answer_co]:
        """Wraps a hook: a `hook_triggered`."""
        return self._span("hook_triggered", {"hook_name": hook_name, **data}, session_id, user_id, metadata)

    def operation(
        self,
        operation: str,
        *,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Span[Answer_co]:
        """Wraps any operation: a `performance`."""
        return self._span("performance", {"operation": operation, **data}, session_id, user_id, metadata)

    def session(
        self,
        session_id: str | None = None,
        *,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> SessionSpan[Answer_co]:
        """Wraps a session: a `session_start` and a `session_end`. Without an id it is the recorder's, or a new one.

        What happens in it is recorded with `session_id=session.session_id`.
        """
        named = session_id or self._own_session_id() or next_id()
        return SessionSpan(self, "session_end", data, session_id=named, user_id=user_id, metadata=metadata)

    def _span(
        self,
        type: str,
        data: dict[str, Any],
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> Span[Answer_co]:
        return Span(self, type, data, session_id=session_id, user_id=user_id, metadata=metadata)
