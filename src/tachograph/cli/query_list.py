"""What `tachograph query` can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.query.model import UNITS
from tachograph.query.vocabulary import AMOUNTS_SAY, DIMENSIONS_SAY, MEASURES_SAY

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELDS_SAY: Final = {**{name: say for name, say in DIMENSIONS_SAY.items() if name not in UNITS}, **AMOUNTS_SAY}
_PARTS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "measures": ("Measures (--measure)", MEASURES_SAY),
    "dimensions": ("Dimensions (--by), up to four, one window of time among them", DIMENSIONS_SAY),
    "fields": ("Fields of conditions (--where)", _FIELDS_SAY),
}
_WIDTH: Final = max(map(len, (*MEASURES_SAY, *DIMENSIONS_SAY)))


def say_vocabulary(*, as_json: bool) -> None:
    """Each name with a line of what it is."""
    if as_json:
        from tachograph.cli.documents import write_json

        write_json({part: names for part, (_, names) in _PARTS.items()})
        return
    for title, names in _PARTS.values():
        print(f"{title}:")
        for name, what in names.items():
            print(f"  {name:<{_WIDTH}}  {what}")
        print()
    print("docs/queries.md defines each of them.")
