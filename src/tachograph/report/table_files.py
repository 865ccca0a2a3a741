"""The forms that rows can have as files, and writing them."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.report.csv_text import csv_text
from tachograph.tables import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from tachograph.tables import Columns

ROW_FORMS: Final = ("json", "jsonl", "csv", "parquet", "arrow", "xlsx")
BINARY: Final = frozenset({"parquet", "arrow", "xlsx"})
"""Those that no terminal shows."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is written: columns, portions of rows, and what a row is as a JSON object."""

    columns: Columns
    portions: Iterable[Sequence[Sequence[Any]]]
    row: Callable[[Sequence[Any]], Sequence[Any]] = tuple
    """The values of the columns, of a row as the portions have it."""
    document: Callable[[Sequence[Any]], Mapping[str, Any]]
    copy: Callable[[Path], bool] | None = None
    """What may write them as Parquet by itself: whether it did."""
    about: Mapping[str, str] = {}
    """What they are, in words, for forms that have room for it."""


def write_rows(form: str, content: Content, stream: BinaryIO) -> None:
    """Writes all rows in one of `ROW_FORMS`. Raises `TachographError` where a library that it needs isn't there."""
    _WRITERS[form](content, stream)


def _portions(content: Content) -> Iterator[list[Sequence[Any]]]:
    return ([content.row(row) for row in portion] for portion in content.portions)


def _documents(content: Content) -> Iterator[Mapping[str, Any]]:
    return (content.document(row) for portion in content.portions for row in portion)


def _json(content: Content, stream: BinaryIO) -> None:
    from tachograph.report.table_json import write_list  # noqa: PLC0415 - one form is wanted

    write_list(_documents(content), stream)


def _jsonl(content: Content, stream: BinaryIO) -> None:
    from tachograph.report.table_json import write_lines  # noqa: PLC0415 - as above

    write_lines(_documents(content), stream)


def _csv(content: Content, stream: BinaryIO) -> None:
    kinds = [kind for _, kind in content.columns]
    stream.write(csv_text([name for name, _ in content.columns], ()).encode())
    for portion in _portions(content):
        shown = ([plain(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in portion)
        stream.write(csv_text(None, shown).encode())


def _arrow(content: Content, stream: BinaryIO) -> None:
    from tachograph.report.table_arrow import write_arrow  # noqa: PLC0415 - as above

    write_arrow(content.columns, _portions(content), stream)


def _excel(content: Content, stream: BinaryIO) -> None:
    from tachograph.report.table_excel import write_excel  # noqa: PLC0415 - as above

    write_excel(content.columns, _portions(content), stream, content.about)


def _parquet(content: Content, stream: BinaryIO) -> None:
    from tachograph.report.table_arrow import microseconds  # noqa: PLC0415 - as above
    from tachograph.store.parquet import write_parquet  # noqa: PLC0415 - as above

    times = [place for place, (_, kind) in enumerate(content.columns) if kind == "time"]

    def counted(portion: list[Sequence[Any]]) -> list[list[Any]]:
        rows = [list(row) for row in portion]
        for row, place in ((row, place) for row in rows for place in times):
            row[place] = None if row[place] is None else microseconds(row[place])
        return rows

    with TemporaryDirectory(prefix="tachograph-") as folder:
        path = Path(folder, "rows.parquet")
        if not (content.copy and content.copy(path)):
            write_parquet(content.columns, map(counted, _portions(content)), path)
        with path.open("rb") as file:
            copyfileobj(file, stream)


_WRITERS: Final[Mapping[str, Callable[[Content, BinaryIO], None]]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "parquet": _parquet,
    "arrow": _arrow,
    "xlsx": _excel,
}
