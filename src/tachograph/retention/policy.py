"""The policy: what it may say, and what in it contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from tachograph.aggregate.question import time_zone
from tachograph.errors import BadPolicy, BadQuestion
from tachograph.retention.amounts import SIZES_LIKE, SPANS_LIKE, size, span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

Compression = Literal["zstd", "gzip"]
Resolution = Literal["hour", "day", "month"]
Section = Literal["logs", "store"]


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What becomes of the files of a metrics log; None where nothing is said. Ages count from a file's last change."""

    folder: Path | None = None
    compress_after: timedelta | None = None
    compress: Compression = "zstd"
    archive_after: timedelta | None = None
    archive_to: Path | None = None
    delete_after: timedelta | None = None
    keep_size: int | None = None
    """Bytes that the folder may take; the oldest files beyond it are archived, or deleted where there is no archive."""
    keep_files: int | None = None
    """How many files it may have, likewise."""


@dataclass(frozen=True, slots=True)
class DetailPolicy:
    """What becomes of the store's detail: after that age only its sums are kept, by window of that zone."""

    delete_after: timedelta
    resolution: Resolution = "day"
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Policy:
    """What is kept for how long."""

    logs: LogPolicy
    detail: DetailPolicy | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that a policy may say: in the file by section and name, on the command line by an option."""

    section: Section
    name: str
    option: str
    stands_for: str
    read: Callable[[str], Any]
    like: str
    what: str


@dataclass(frozen=True, slots=True)
class Given:
    """What was said for a key, and where: in the file, or as an option."""

    text: str
    where: str


def _one_of(*known: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(text)
        return text

    return read


def _folder(text: str) -> Path:
    path = Path(text).expanduser()
    if not text or not path.is_absolute():
        raise ValueError(text)
    return path


def whole_number(text: str) -> int:
    """A number above 0, in digits. Raises `ValueError` for anything else."""
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ValueError(text)
    return int(text)


def _zone(text: str) -> str:
    try:
        time_zone(text)
    except BadQuestion:
        raise ValueError(text) from None
    return text


_FOLDER: Final = "the whole path of a folder, such as /srv/archive"
KEYS: Final = (
    Key("logs", "folder", "--folder", "FOLDER", _folder, _FOLDER, "the metrics log; else where it is recorded to"),
    Key("logs", "compress_after", "--compress-after", "AGE", span, SPANS_LIKE, "compress a log's file at this age"),
    Key("logs", "compress", "--compress", "HOW", _one_of("zstd", "gzip"), "zstd or gzip", "how: zstd (usual) or gzip"),
    Key("logs", "archive_after", "--archive-after", "AGE", span, SPANS_LIKE, "move it to the archive at this age"),
    Key("logs", "archive_to", "--archive-to", "FOLDER", _folder, _FOLDER, "the archive's folder"),
    Key("logs", "delete_after", "--delete-logs-after", "AGE", span, SPANS_LIKE,
        "delete it at this age, from the archive too"),
    Key("logs", "keep_size", "--keep-size", "SIZE", size, SIZES_LIKE,
        "no more than this in the log's folder: the oldest go first"),
    Key("logs", "keep_files", "--keep-files", "N", whole_number, "a number of files, such as 100",
        "no more files than this, likewise"),
    Key("store", "delete_after", "--delete-detail-after", "AGE", span, SPANS_LIKE,
        "keep only sums of metrics of this age"),
    Key("store", "resolution", "--resolution", "UNIT", _one_of("hour", "day", "month"), "hour, day or month",
        "sums by hour, day (usual) or month"),
    Key("store", "timezone", "--detail-timezone", "ZONE", _zone, "an IANA name, such as Europe/Rome",
        "whose hours, days and months those are; else UTC's"),
)  # fmt: skip
"""Everything that a policy may say."""


def policy_of(said: Mapping[Key, Given]) -> Policy:
    """The policy that was said. Raises `BadPolicy` for a value that can't be meant, and for contradictions."""
    values: dict[Section, dict[str, Any]] = {"logs": {}, "store": {}}
    for key, given in said.items():
        try:
            values[key.section][key.name] = key.read(given.text)
        except (ValueError, RuntimeError):  # of an unknown user's home, too
            raise wrong(key, given) from None
    places = {(key.section, key.name): given.where for key, given in said.items()}
    logs = LogPolicy(**values["logs"])
    _check_logs(logs, places)
    if values["store"] and "delete_after" not in values["store"]:
        where = places["store", next(iter(values["store"]))]
        raise BadPolicy("it says how sums are kept, but not after how long", where=where, mend="add delete_after")
    return Policy(logs, DetailPolicy(**values["store"]) if values["store"] else None)


_ORDER: Final = ("compress_after", "archive_after", "delete_after")


def _check_logs(logs: LogPolicy, places: Mapping[tuple[Section, str], str]) -> None:
    """Raises where what comes later in the life of a file would come first, or half of an archive is named."""
    ages = [(name, cast("timedelta", getattr(logs, name))) for name in _ORDER if getattr(logs, name) is not None]
    for (earlier, age), (later, later_age) in pairwise(ages):
        if later_age < age or (later_age == age and later == "delete_after"):
            what = f"{later} isn't later than {earlier}, which would never be done"
            raise BadPolicy(what, where=places["logs", later], mend=f"give it more than {earlier}, or leave one out")
    if logs.archive_after is not None and logs.archive_to is None:
        raise BadPolicy("there is no archive", where=places["logs", "archive_after"], mend="add archive_to")
    if logs.archive_to is not None and logs.archive_after is None and not (logs.keep_size or logs.keep_files):
        mend = "add archive_after, keep_size or keep_files"
        raise BadPolicy("nothing is ever moved there", where=places["logs", "archive_to"], mend=mend)


def wrong(key: Key, given: Given) -> BadPolicy:
    """That a key can't have that value, and what it could have."""
    return BadPolicy(f"{given.text!r} can't be meant", where=given.where, mend=f"give {key.like}")
