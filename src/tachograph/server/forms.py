"""The forms that an answer can have, and which one is wanted."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence


class Form(msgspec.Struct, frozen=True):
    """A form: what `format` calls it, what `Accept` calls it, and what a browser is told that it is."""

    name: str
    media_type: str
    content_type: str


JSON: Final = Form("json", "application/json", "application/json")
CSV: Final = Form("csv", "text/csv", "text/csv; charset=utf-8; header=present")
ARROW: Final = Form("arrow", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream")
ROWS: Final = (JSON, CSV, ARROW)
"""What an answer with rows can be had as."""
DOCUMENT: Final = (JSON,)
_WEIGHT: Final = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)", re.ASCII | re.IGNORECASE)


def wanted(offered: Sequence[Form], accept: str | None, named: str | None) -> Form:
    """The form named, else the one that `Accept` likes best, the first of equals; raises a 406 where there is none."""
    if named is not None:
        found = next((form for form in offered if form.name == named), None)
    else:
        liked = [(_liking(form.media_type, accept), form) for form in offered]
        weight, found = max(liked, key=lambda each: each[0])
        found = found if weight > 0 else None
    if found is None:
        mend = f"accept {', '.join(form.media_type for form in offered)}"
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "the answer can't be had in that form", mend=mend)
    return found


def _liking(media_type: str, accept: str | None) -> float:
    """How much it is liked, from 0 to 1, by the most specific of what is accepted; 1 where nothing is said."""
    if accept is None or not accept.strip():
        return 1.0
    kind = media_type.partition("/")[0]
    levels = {media_type: 3, f"{kind}/*": 2, "*/*": 1}
    best = (0, 0.0)
    for item in accept.split(","):
        name, *details = (part.strip() for part in item.split(";"))
        level = levels.get(name.lower(), 0)
        weights = [matched[1] for detail in details if (matched := _WEIGHT.fullmatch(detail))]
        if level:
            best = max(best, (level, float(weights[0]) if weights else 1.0))
    return best[1]
