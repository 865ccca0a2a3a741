"""The parameters that questions share, and what their values mean."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from tachograph.aggregate.question import time_zone
from tachograph.errors import BadQuestion
from tachograph.metric import METRIC_TYPES
from tachograph.query.bounds import bounds
from tachograph.query.model import AnyOf
from tachograph.report.filters import FILTERS, dimension
from tachograph.server.paging import MOST_ROWS, USUAL_ROWS
from tachograph.server.parameters import Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from tachograph.server.forms import Form

    Values = Mapping[str, Any]

_DATE_OR_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:.*)?$"
TIMEZONE: Final = Parameter(
    name="timezone", what="whose midnights count, as an IANA name", usual="UTC", example="Europe/Rome"
)
RANGE: Final = (
    Parameter(name="since", what="from this day or moment on", pattern=_DATE_OR_MOMENT, example="2026-03-01"),
    Parameter(
        name="until",
        what="up to the end of this day, or up to (without) this moment",
        pattern=_DATE_OR_MOMENT,
        example="2026-03-31",
    ),
    TIMEZONE,
)
ONLY: Final = tuple(
    Parameter(
        name=name,
        what=f"only {what}; repeated: any of several",
        repeated=True,
        choices=tuple(sorted(METRIC_TYPES)) if name == "type" else (),
    )
    for name, _, _, what in FILTERS
)
PAGE: Final = Parameter(name="page", what="which page: from the Link of the one before", pattern="^[A-Za-z0-9_-]+$")
LIMIT: Final = Parameter(
    name="limit", what="so many rows on a page", kind="whole", most=MOST_ROWS, usual=USUAL_ROWS, example=10
)


def format_of(forms: Sequence[Form]) -> Parameter:
    """The parameter that names one of these forms."""
    names = tuple(form.name for form in forms)
    return Parameter(name="format", what="the form of the answer, whatever is accepted", choices=names)


def zone_of(values: Values) -> tzinfo:
    """The zone that is asked for. Raises `BadQuestion` where there is none of that name."""
    name = values.get("timezone")
    try:
        return UTC if name is None else time_zone(name)
    except BadQuestion as error:
        raise BadQuestion(error.what, where="timezone", mend=error.mend) from None


def range_of(values: Values) -> tuple[datetime | None, datetime | None, tzinfo]:
    """From when, up to (without) when, and in which zone. Raises `BadQuestion`."""
    zone = zone_of(values)
    start, end = bounds(values.get("since"), values.get("until"), zone, ("since", "until"))
    return start, end, zone


def filters_of(values: Values) -> dict[str, list[str]]:
    """The filters of an aggregation."""
    return {field: values[name] for name, field, _, _ in FILTERS if name in values}


def conditions_of(values: Values) -> tuple[AnyOf, ...]:
    """The same as conditions of a query."""
    return tuple(AnyOf(dimension(name), tuple(values[name])) for name, _, _, _ in FILTERS if name in values)
