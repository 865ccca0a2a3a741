"""The ten types of metrics as methods, with the fields that one of that type mostly has.

Every other field of the contract, and any key of the caller's own, goes in as a keyword argument (`**data`) and is
checked alike. None is the same as not given. Durations are in milliseconds; the kinds of tokens are disjoint, as in
the contract.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tachograph.recorder.stamps import Moment

Answer_co = TypeVar("Answer_co", covariant=True)
"""What recording answers: the record's id, at once or when it is awaited."""

_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class TypedRecords(ABC, Generic[Answer_co]):
    """Records of each type. All of these raise `BadRecord` for what can't be a metric, and nothing else.

    A record has an id of its own and the present moment, unless others are given; a `timestamp` without a zone is UTC,
    as in a log.
    """

    @abstractmethod
    def _record(
        self,
        type: str,
        fields: Mapping[str, Any],
        data: Mapping[str, Any],
        id: str | None,
        timestamp: datetime | str | Moment | None,
        session_id: str | None,
        user_id: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> Answer_co:
        """Records the fields that aren't None, and the data."""

    def record(
        self,
        type: str,
        data: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Answer_co:
        """A record of any of the ten types; returns its id."""
        return self._record(type, _NONE, _NONE if data is None else data, id, timestamp, session_id, user_id, metadata)

    def session_start(
        self,
        *,
        project_path: str | None = None,
        model: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A session begins."""
        fields = {"project_path": project_path, "model": model}
        return self._record("session_start", fields, data, id, timestamp, session_id, user_id, metadata)

    def session_end(
        self,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A session ends."""
        fields = {"duration_ms": duration_ms, "success": success, "error_type": error_type}
        return self._record("session_end", fields, data, id, timestamp, session_id, user_id, metadata)

    def tool_use(
        self,
        tool_name: str,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        agent_id: str | None = None,
        agent_run_id: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A tool was used."""
        fields = {
            "tool_name": tool_name,
            "duration_ms": duration_ms,
            "success": success,
            "error_type": error_type,
            "agent_id": agent_id,
            "agent_run_id": agent_run_id,
        }
        return self._record("tool_use", fields, data, id, timestamp, session_id, user_id, metadata)

    def agent_execution(
        self,
        agent_id: str,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        agent_run_id: str | None = None,
        model: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """An agent ran: `agent_id` names its kind, `agent_run_id` this run."""
        fields = {
            "agent_id": agent_id,
            "duration_ms": duration_ms,
            "success": success,
            "error_type": error_type,
            "agent_run_id": agent_run_id,
            "model": model,
        }
        return self._record("agent_execution", fields, data, id, timestamp, session_id, user_id, metadata)

    def checkpoint_created(
        self,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A state was saved that can be gone back to."""
        fields = {"duration_ms": duration_ms, "success": success, "error_type": error_type}
        return self._record("checkpoint_created", fields, data, id, timestamp, session_id, user_id, metadata)

    def hook_triggered(
        self,
        hook_name: str,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        tool_name: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A hook ran."""
        fields = {
            "hook_name": hook_name,
            "duration_ms": duration_ms,
            "success": success,
            "error_type": error_type,
            "tool_name": tool_name,
        }
        return self._record("hook_triggered", fields, data, id, timestamp, session_id, user_id, metadata)

    def command_executed(
        self,
        command_name: str,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A command was executed."""
        fields = {
            "command_name": command_name,
            "duration_ms": duration_ms,
            "success": success,
            "error_type": error_type,
        }
        return self._record("command_executed", fields, data, id, timestamp, session_id, user_id, metadata)

    def error_occurred(
        self,
        error_type: str,
        *,
        tool_name: str | None = None,
        agent_id: str | None = None,
        operation: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """Something failed; without `success` it counts as false."""
        fields = {"error_type": error_type, "tool_name": tool_name, "agent_id": agent_id, "operation": operation}
        return self._record("error_occurred", fields, data, id, timestamp, session_id, user_id, metadata)

    def token_usage(
        self,
        *,
        model: str | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cache_read_tokens: int | None = None,
        cache_write_tokens: int | None = None,
        cache_write_1h_tokens: int | None = None,
        reasoning_tokens: int | None = None,
        token_count: int | None = None,
        cost_usd: float | None = None,
        duration_ms: float | None = None,
        agent_id: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """A model was used. Without `token_count` it is the sum of input, output, cache reads and cache writes."""
        fields = {
            "model": model,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cache_read_tokens": cache_read_tokens,
            "cache_write_tokens": cache_write_tokens,
            "cache_write_1h_tokens": cache_write_1h_tokens,
            "reasoning_tokens": reasoning_tokens,
            "token_count": token_count,
            "cost_usd": cost_usd,
            "duration_ms": duration_ms,
            "agent_id": agent_id,
        }
        return self._record("token_usage", fields, data, id, timestamp, session_id, user_id, metadata)

    def performance(
        self,
        operation: str,
        *,
        duration_ms: float | None = None,
        success: bool | None = None,
        error_type: str | None = None,
        id: str | None = None,
        timestamp: datetime | str | None = None,
        session_id: str | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> Answer_co:
        """An operation took its time."""
        fields = {"operation": operation, "duration_ms": duration_ms, "success": success, "error_type": error_type}
        return self._record("performance", fields, data, id, timestamp, session_id, user_id, metadata)
