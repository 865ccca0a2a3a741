"""Tables as workbooks of Excel.

No cell is a formula or a link, whatever a name looks like: texts are written as texts. Excel knows no time zones:
moments are written as what the clocks of their own zone showed, and a sheet beside says which zone that is.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import TachographError
from tachograph.report.printable import printable
from tachograph.tables import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import BinaryIO

    from tachograph.tables import Columns, Kind

_ROWS_MAX: Final = 1_048_575
"""Of a sheet, but for the titles."""
_TEXT_MAX: Final = 32_767
_EXACT_MAX: Final = 10**15
"""Excel has 15 digits of a number."""
_FIRST_YEAR: Final = 1900
_WIDTHS: Final[Mapping[Kind, int]] = {"time": 20, "text": 28, "whole": 13, "float": 13, "flag": 9, "counts": 40}
_FORMATS: Final[Mapping[Kind, str]] = {"time": "yyyy-mm-dd hh:mm:ss", "whole": "#,##0"}


def write_excel(
    columns: Columns, batches: Iterable[Sequence[Sequence[Any]]], stream: BinaryIO, about: Mapping[str, str]
) -> None:
    """A sheet of rows, and one of what they are (`about`: names and texts). More rows than a sheet holds go on in more.

    Raises `TachographError` without XlsxWriter.
    """
    try:
        import xlsxwriter  # noqa: PLC0415 - for those who want it
    except ImportError:
        raise TachographError(
            "Excel needs more than is installed: xlsxwriter", mend="pip install 'tachograph[export]'"
        ) from None
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }  # fmt: skip
    workbook = xlsxwriter.Workbook(stream, options)
    try:
        _Sheets(workbook, columns).write(batches)
        _write_about(workbook, about)
    finally:
        workbook.close()


class _Sheets:
    """The sheets of rows, one after the other."""

    def __init__(self, workbook: Any, columns: Columns) -> None:
        self._workbook = workbook
        self._columns = columns
        self._title = workbook.add_format({"bold": True})
        self._formats = {kind: workbook.add_format({"num_format": shown}) for kind, shown in _FORMATS.items()}
        self._number = 0

    def write(self, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        sheet, row = self._begun(), 0
        for batch in batches:
            for values in batch:
                if row == _ROWS_MAX:
                    sheet, row = self._begun(), 0
                row += 1
                for place, ((_, kind), value) in enumerate(zip(self._columns, values, strict=True)):
                    self._cell(sheet, row, place, kind, value)

    def _begun(self) -> Any:
        self._number += 1
        sheet = self._workbook.add_worksheet("rows" if self._number == 1 else f"rows {self._number}")
        sheet.freeze_panes(1, 0)
        for place, (name, kind) in enumerate(self._columns):
            sheet.set_column(place, place, _WIDTHS[kind], self._formats.get(kind))
            sheet.write_string(0, place, printable(name), self._title)
        return sheet

    def _cell(self, sheet: Any, row: int, place: int, kind: Kind, value: Any) -> None:
        if value is None:
            return
        if kind == "time":
            moment = datetime.fromisoformat(value).replace(tzinfo=None)
            if moment.year >= _FIRST_YEAR:
                sheet.write_datetime(row, place, moment, self._formats["time"])
            else:
                sheet.write_string(row, place, value)
        elif kind == "flag":
            sheet.write_boolean(row, place, value)
        elif kind in {"whole", "float"}:
            if abs(value) < _EXACT_MAX or isinstance(value, float):
                sheet.write_number(row, place, value, self._formats.get(kind))
            else:
                sheet.write_string(row, place, str(value))
        else:
            sheet.write_string(row, place, printable(str(plain(value, kind)))[:_TEXT_MAX])


def _write_about(workbook: Any, about: Mapping[str, str]) -> None:
    sheet = workbook.add_worksheet("about")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 60)
    for row, (name, text) in enumerate(about.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, printable(text)[:_TEXT_MAX])
