"""Rows of metrics on their way into a spool: as frames of columns, one for each source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.columns import BY_REQUEST, FINISHED, ColumnBuilder, WordColumn, add_dicts, request_number
from tachograph.metric import ADDED_TOKEN_KINDS
from tachograph.store.journal import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Row = dict[str, Any]
"""A metric: the columns that it has, and perhaps `request_id`."""
_BY_REQUEST: Final = ":request:"


def frames_of_rows(rows: Sequence[tuple[str, Row]], user_name: Callable[[str], str] | None) -> list[Rows]:
    """As frames, all of one source in one, which may be merged with what others tell of the same.

    `user_name` gives the name that a user is kept by, where that isn't the one that was told.
    """
    by_source: dict[str, list[Row]] = {}
    for source, row in rows:
        _finish(row)
        if user_name and (user := row.get("user_id")):
            row["user_id"] = user_name(user)
        by_source.setdefault(source, []).append(row)
    return [_frame(source, kept) for source, kept in by_source.items()]


def with_users(frame: Rows, user_name: Callable[[str], str]) -> Rows:
    """A frame with the names that its users are kept by."""
    user = None if frame.user is None else user_name(frame.user)
    columns = dict(frame.columns)
    told = columns.get("user_id")
    if isinstance(told, WordColumn):
        words = [None if word is None else user_name(word) for word in told.words]
        columns["user_id"] = WordColumn(told.indexes, words)
    return msgspec.structs.replace(frame, user=user, columns=columns)


def _finish(row: Row) -> None:
    """Kinds of tokens add up; what names a request becomes a number; what was told when one had ended is final."""
    if "token_count" not in row:
        kinds = [row[kind] for kind in ADDED_TOKEN_KINDS if row.get(kind) is not None]
        if kinds:
            row["token_count"] = sum(kinds)
    request = row.pop("request_id", None)
    if request is not None:
        row["request"] = request_number(request)
        if _BY_REQUEST in row["id"]:
            row["witness"] = BY_REQUEST
            row["blocks"] = FINISHED
    elif row.get("witness") == 0:
        del row["witness"]


def _frame(source: str, rows: list[Row]) -> Rows:
    builder = ColumnBuilder()
    add_dicts(builder, rows)
    batch = builder.batch()
    return Rows(source, True, None, batch.length, batch.columns)  # noqa: FBT003 - a field of the frame's
