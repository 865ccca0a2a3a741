"""What `connect` put into a JSON file is noted beside it, so that it can be told from what was there, or came later.

A digest stands for each value: one of the values is a key.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tachograph.errors import TachographError

if TYPE_CHECKING:
    from pathlib import Path

_ENDING: Final = ".tachograph-connect"


class Receipt(msgspec.Struct, forbid_unknown_fields=True):
    """The members that were put in, with the digests of all values that they were given, and what was made for them."""

    made_file: bool
    made_section: bool
    digests: dict[str, list[str]]

    def is_ours(self, name: str, value: Any) -> bool:
        """Whether the member has a value that we gave it."""
        return _digest(value) in self.digests.get(name, ())

    def add(self, name: str, value: Any) -> None:
        """Notes that the member is given the value; earlier ones stay, for a change that is cut short."""
        known = self.digests.setdefault(name, [])
        if _digest(value) not in known:
            known.append(_digest(value))


def receipt_of(path: Path) -> Path:
    """Where the receipt of a file is."""
    return path.with_name(path.name + _ENDING)


def read_receipt(path: Path) -> Receipt | None:
    """The receipt of a file; None where there is none. Raises `TachographError` for what isn't one."""
    place = receipt_of(path)
    try:
        return msgspec.json.decode(place.read_bytes(), type=Receipt)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        mend = f"take out of {path} by hand what connect put there, then delete this file"
        raise TachographError("it isn't the note of what connect put in", where=str(place), mend=mend) from None


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Puts a file's receipt in the place of an earlier one."""
    place = receipt_of(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    half = place.with_name(f".{place.name}")
    try:
        half.write_bytes(msgspec.json.encode(receipt))
        half.replace(place)
    except BaseException:
        with suppress(OSError):
            half.unlink()
        raise


def _digest(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
