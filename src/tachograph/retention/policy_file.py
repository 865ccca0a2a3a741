"""The policy's file, `retention.toml` in the store's folder: reading it, and an example of one."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from tachograph.errors import BadPolicy
from tachograph.retention.policy import KEYS, Given, Key, whole_number, wrong

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "retention.toml"
EXAMPLE: Final = """\
[logs]                    # the files of a metrics log
compress_after = "2d"     # once it hasn't changed for so long: h, d or w
archive_after = "90d"
archive_to = "/srv/archive/metrics"
delete_after = "730d"     # from the archive too
keep_size = "2GB"         # in the log's folder; the oldest go first, to the archive if there is one
keep_files = 1000

[store]                   # the metrics that were read from all logs
delete_after = "180d"     # then only sums are kept,
resolution = "day"        # by hour, day or month
timezone = "UTC"          # of this zone
"""


def read_file(path: Path) -> dict[Key, Given] | None:
    """What the policy's file says; None where there is none. Raises `BadPolicy` for what it can't say."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise BadPolicy("it is not UTF-8", where=str(path), mend="write it again as UTF-8") from None
    except OSError as error:
        raise BadPolicy(f"it can't be read: {error.strerror}", where=str(path)) from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mend = "'tachograph retention show' in a folder without one prints an example"
        raise BadPolicy(f"it is not TOML: {error}", where=str(path), mend=mend) from None
    return {key: given for section, table in document.items() for key, given in _section(path, section, table)}


def _section(path: Path, section: str, table: Any) -> list[tuple[Key, Given]]:
    sections: list[str] = sorted({key.section for key in KEYS})
    if section not in sections:
        raise _unknown(str(path), f"[{section}]", section, sections)
    if not isinstance(table, dict):
        raise BadPolicy(f"{section} is no section", where=str(path), mend=f"write [{section}] and its keys below")
    keys = {key.name: key for key in KEYS if key.section == section}
    given = []
    for name, value in table.items():
        if name not in keys:
            raise _unknown(str(path), f"{section}.{name}", name, list(keys))
        where = f"{path}: {section}.{name}"
        if not (isinstance(value, str) or (keys[name].read is whole_number and type(value) is int)):
            raise wrong(keys[name], Given(repr(value), where))
        given.append((keys[name], Given(str(value), where)))
    return given


def _unknown(where: str, shown: str, name: str, known: list[str]) -> BadPolicy:
    close = get_close_matches(name, known, n=1)
    mend = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return BadPolicy(f"there is no {shown} in a policy", where=where, mend=mend)
