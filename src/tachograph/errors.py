"""The one exception root: every failure says what happened, where, and what to do about it."""

from __future__ import annotations


class TachographError(Exception):
    """What happened (`what`), where (`where`: a file, line or option, or None) and what to do (`mend`, or None)."""

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.mend})" if self.mend else ""
        return f"{place}{self.what}{advice}"


class BadQuestion(TachographError):  # noqa: N818 - the names of errors read as sentences: "bad question", "no logs"
    """The question can't be answered as it was asked: an unknown filter, zone or aggregation, an inverted range."""


class BadPolicy(TachographError):  # noqa: N818 - as above
    """A retention policy says what can't be meant, contradicts itself, or isn't there."""


class NoLogs(TachographError):  # noqa: N818 - as above
    """There is nothing to read: no such path, or no place of a known agent holds a log."""


class SourceUnusable(TachographError):  # noqa: N818 - as above
    """A source that an installed package adds can't be used."""


class UnreadableLog(TachographError):  # noqa: N818 - as above
    """A file that was asked for can't be read, or is in no known format."""


class StoreUnusable(TachographError):  # noqa: N818 - as above
    """The store can't be opened: made by a newer version, damaged, not permitted, or held by another process."""


class StoreDamaged(StoreUnusable):
    """The store's file can't be read as a database."""


class BadRecord(TachographError):  # noqa: N818 - as above
    """What a program wants to record can't be a metric: an unknown type, a value of the wrong kind, not a number."""
