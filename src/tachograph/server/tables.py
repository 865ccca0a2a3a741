"""Tables in the forms that the API has for them."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING

from tachograph.errors import TachographError
from tachograph.report.table_arrow import write_arrow
from tachograph.report.table_csv import table_csv
from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from tachograph.tables import Table


def as_csv(table: Table) -> bytes:
    """As the command line prints it."""
    return table_csv(table).encode()


def as_arrow(table: Table) -> bytes:
    """One batch. Raises a 406 where a number is beyond 64 bits."""
    stream = BytesIO()
    try:
        write_arrow(table.columns, [table.rows], stream)
    except TachographError as error:
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, error.what, mend="accept application/json or text/csv") from None
    return stream.getvalue()
