"""The known sources, by name: those built in, and those that other packages add.

To build one in, add its row below and two modules here: a `Source`, which almost every command loads, and beside it the
reader, with the shapes and patterns that only reading needs. A package adds one through the entry-point group
`tachograph.sources`: the entry's name is the source's, and what it names is a class that is a `Source`.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from tachograph.errors import BadQuestion, SourceUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

    from tachograph.sources.protocol import Source

GROUP: Final = "tachograph.sources"
METRICS_LOG: Final = "metrics-log"
_MODULES: Final = {
    "claude-code": "tachograph.sources.claude_code:ClaudeCode",
    "codex": "tachograph.sources.codex:Codex",
    "copilot-cli": "tachograph.sources.copilot_cli:CopilotCli",
    "gemini-cli": "tachograph.sources.gemini_cli:GeminiCli",
    "opencode": "tachograph.sources.opencode:OpenCode",
    METRICS_LOG: "tachograph.sources.metrics_log:MetricsLog",
}


@cache
def source(name: str) -> Source:
    """The source of that name. Raises `BadQuestion` where there is none, `SourceUnusable` where it can't be loaded."""
    if name in _MODULES:
        module, _, attribute = _MODULES[name].partition(":")
        return cast("Source", getattr(import_module(module), attribute)())
    added = _added()
    if name not in added:
        raise BadQuestion(f"there is no source {name!r}", mend=f"known are {', '.join(source_names())}")
    return _loaded(added[name])


def source_names() -> tuple[str, ...]:
    """Every source, in the order in which an unknown file is offered to them: the packages' own come first."""
    return (*_added(), *_MODULES)


def all_sources() -> list[Source]:
    """Every known source, in the same order."""
    return [source(name) for name in source_names()]


def package_of(name: str) -> str | None:
    """The name of the package that adds the source of that name; None for one that is built in, or isn't known."""
    entry = _added().get(name)
    return entry.dist.name if entry is not None and entry.dist is not None else None


@cache
def _added() -> Mapping[str, EntryPoint]:
    """What installed packages add. Their metadata is looked through first: the library for it takes long to import."""
    if not any(_mentions_group(folder) for folder in dict.fromkeys(sys.path)):
        return {}
    from importlib.metadata import entry_points  # noqa: PLC0415 - as said

    found: dict[str, EntryPoint] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        if entry.name in _MODULES or found.setdefault(entry.name, entry).value != entry.value:
            raise SourceUnusable(f"{_package(entry)} adds a source {entry.name!r}, which there is already")
    return found


def _mentions_group(folder: str) -> bool:
    try:
        files = list(Path(folder or ".").glob("*.*-info/entry_points.txt"))
        return any(f"[{GROUP}]".encode() in file.read_bytes() for file in files)
    except OSError:
        return False  # an entry of sys.path that is no folder, or a package that goes away right now


def _loaded(entry: EntryPoint) -> Source:
    try:
        made: Source = entry.load()()
    except Exception as error:
        raise SourceUnusable(
            f"the source {entry.name!r} of {_package(entry)} can't be loaded: {type(error).__name__}: {error}",
            mend="mend or uninstall that package",
        ) from error
    named = getattr(made, "name", None)
    if named != entry.name:
        raise SourceUnusable(f"{_package(entry)} adds a source as {entry.name!r} that calls itself {named!r}")
    return made


def _package(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else "an installed package"
