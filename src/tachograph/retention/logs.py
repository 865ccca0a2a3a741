"""What is to be done with the files of a metrics log: from the files there are, and a policy, to steps.

Nothing is touched here, and the present moment is an argument. The file that a recorder writes to is left alone
whatever the policy says, and so is one that wasn't read to its end, unless that is said not to matter.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tachograph.errors import BadPolicy, UnreadableLog
from tachograph.metric import moment
from tachograph.sources import source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tachograph.retention.policy import LogPolicy
    from tachograph.store.ledger import FileEntry

Action = Literal["compress", "archive", "delete"]
LOCK: Final = ".tachograph.lock"
"""The file in a log's folder that its writers lock, and that names the one they write to."""
_LOCK_BYTES_MAX: Final = 1 << 16
_PACKED: Final = (".gz", ".zst")
_AGES: Final[tuple[tuple[Action, str], ...]] = (
    ("delete", "delete_after"),
    ("archive", "archive_after"),
    ("compress", "compress_after"),
)
"""What is done at which age; what is done first leaves nothing for the others to do."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of the log, as it is now: `size` in bytes, `mtime_ns` since 1970."""

    path: Path
    size: int
    mtime_ns: int

    @property
    def is_packed(self) -> bool:
        """Whether it is compressed, by its name."""
        return self.path.suffix in _PACKED

    @property
    def plain_name(self) -> str:
        """Its name, but for what tells that it is compressed. In the order of these names files were begun."""
        return self.path.name.removesuffix(self.path.suffix) if self.is_packed else self.path.name


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do with a file, and why; `pack` is whether it is compressed on its way to the archive."""

    action: Action
    file: LogFile
    why: str
    pack: bool = False


@dataclass(frozen=True, slots=True)
class Spared:
    """A file that the policy would have touched, and why it isn't."""

    file: LogFile
    why: str


@dataclass(slots=True)
class LogPlan:
    """What is to be done in a log's folder, the oldest file first."""

    folder: Path
    steps: list[Step] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)


def log_files(folder: Path) -> list[LogFile]:
    """The files of a log that lie in a folder itself, in the order in which they were begun; none where it isn't there.

    Raises `UnreadableLog` where the folder can't be read.
    """
    log = source("metrics-log")
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnreadableLog(f"it can't be listed: {error.strerror}", where=str(folder)) from None
    found = []
    for entry in entries:
        if log.owns(entry.path) and entry.is_file(follow_symlinks=False):
            stat = entry.stat(follow_symlinks=False)
            found.append(LogFile(Path(entry.path), stat.st_size, stat.st_mtime_ns))
    return sorted(found, key=lambda file: (file.plain_name, file.path.name))


def active_names(folder: Path, files: Iterable[LogFile]) -> set[str]:
    """The names of the files that may still be written to: those that the lock names, and the newest plain one."""
    plain = [file.path.name for file in files if not file.is_packed]
    try:
        with (folder / LOCK).open("rb") as handle:
            named = handle.read(_LOCK_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        named = ""
    return {name for name in plain if name in named} | set(plain[-1:])


def has_all(entry: FileEntry, file: LogFile) -> bool:
    """Whether the ledger's entry is of the file as it is now, read to its end."""
    return (entry.size, entry.mtime_ns, entry.trouble) == (file.size, file.mtime_ns, None)


def was_read(folder: Path, ledger: Mapping[str, FileEntry], file: LogFile) -> bool:
    """Whether the store has all of a file of the log: read as it is, or before it was compressed or archived.

    The ledger is by real path, as a folder may be spelled otherwise than when it was read. What compresses or archives
    a file leaves its time as it was.
    """
    entry = ledger.get(os.path.realpath(file.path))
    if entry is not None and has_all(entry, file):
        return True
    before = [ledger.get(os.path.realpath(folder / name)) for name in (file.path.name, file.plain_name)]
    return any(
        earlier is not None
        and earlier is not entry
        and (earlier.mtime_ns, earlier.trouble) == (file.mtime_ns, None)
        and earlier.size >= 0
        for earlier in before
    )


def plan_logs(folder: Path, policy: LogPolicy, now: datetime, is_read: Callable[[LogFile], bool]) -> LogPlan:
    """What the policy wants done now. Raises `BadPolicy` where the archive lies in the log's own folder."""
    if policy.archive_to and policy.archive_to.resolve().is_relative_to(folder.resolve()):
        raise BadPolicy(
            "the archive lies in the log's own folder, where its files would be read again",
            where=str(policy.archive_to),
            mend="choose another folder with archive_to",
        )
    files = log_files(folder)
    archived = log_files(policy.archive_to) if policy.archive_to and policy.delete_after else []
    active = active_names(folder, files)
    due = [step for file in files if (step := _due(file, policy, now))]
    beyond = _beyond_limits(files, due, policy)
    leaving = {step.file for step in beyond}
    wanted = [*beyond, *(step for step in due if step.file not in leaving)]
    wanted += [step for file in archived if (step := _due(file, policy, now)) and step.action == "delete"]
    plan = LogPlan(folder)
    for step in sorted(wanted, key=lambda step: (step.file.plain_name, str(step.file.path))):
        if step.file.path.name in active and step.file.path.parent == folder:
            plan.spared.append(Spared(step.file, "it may still be written to"))
        elif not is_read(step.file):
            plan.spared.append(Spared(step.file, "it wasn't read to its end yet"))
        else:
            plan.steps.append(step)
    return plan


def _due(file: LogFile, policy: LogPolicy, now: datetime) -> Step | None:
    """What a file's age asks for."""
    age = now.astimezone(UTC) - moment(file.mtime_ns // 1000)
    for action, name in _AGES:
        due: timedelta | None = getattr(policy, name)
        if due is not None and age >= due and not (action == "compress" and file.is_packed):
            return Step(action, file, f"{name} has passed", pack=_is_packed_by(file, policy, age))
    return None


def _is_packed_by(file: LogFile, policy: LogPolicy, age: timedelta) -> bool:
    return policy.compress_after is not None and age >= policy.compress_after and not file.is_packed


def _beyond_limits(files: list[LogFile], due: list[Step], policy: LogPolicy) -> list[Step]:
    """Removes the oldest of the files that stay, until the others are within the limits at the sizes they have now.

    One that is to be compressed is so on its way to the archive.
    """
    leaving = {step.file for step in due if step.action != "compress"}
    staying = [file for file in files if file not in leaving]
    packed = {step.file for step in due if step.action == "compress"}
    action: Action = "archive" if policy.archive_to else "delete"
    size, steps = sum(file.size for file in staying), []
    for position, file in enumerate(staying[:-1]):
        if policy.keep_files is not None and len(staying) - position > policy.keep_files:
            why = f"there are more than {policy.keep_files} files"
        elif policy.keep_size is not None and size > policy.keep_size:
            why = f"all of them take more than {policy.keep_size:,} bytes"
        else:
            break
        size -= file.size
        steps.append(Step(action, file, why, pack=file in packed))
    return steps
