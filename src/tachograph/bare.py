"""Importing parts of a package without what the package itself imports first."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_apart: Final[dict[str, dict[str, ModuleType]]] = {}
"""The modules of packages that were imported apart, by package."""
_apart_guard: Final = threading.Lock()


@contextmanager
def bare_package(name: str) -> Iterator[None]:
    """Lets modules of a package be imported in this block without its own first lines; none that needs those works.

    Afterwards the package is imported as always by whoever wants it. Where it was imported before, nothing is done.
    """
    bare = None if name in sys.modules else _empty(name)
    if bare is None:
        yield
        return
    sys.modules[name] = bare
    try:
        yield
    finally:
        if sys.modules.get(name) is bare:
            del sys.modules[name]


@contextmanager
def apart(package: str, *, without: str) -> Iterator[None]:
    """As `bare_package`, and `without` is a module in which every name is something that does nothing when called.

    What is imported of the package so stays ours: outside of such blocks nobody sees it. Only for a process of our own,
    as other threads that import that module meanwhile would get it as it is here. They wait to enter such a block.
    """
    with _apart_guard:
        theirs = _taken_out(package)
        sys.modules.update(_apart.get(package, {}))
        if package not in sys.modules and (bare := _empty(package)):
            sys.modules[package] = bare
        stand_in = sys.modules.setdefault(without, _DoesNothing(without))
        try:
            yield
        finally:
            if isinstance(stand_in, _DoesNothing):
                del sys.modules[without]
            _apart[package] = _taken_out(package)
            sys.modules.update(theirs)


class _DoesNothing(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None


def _empty(package: str) -> ModuleType | None:
    """The package without its own first lines; None where there is none."""
    spec = find_spec(package)
    return None if spec is None else module_from_spec(spec)


def _taken_out(package: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


def import_msgspec() -> None:
    """Imports msgspec without `typing_extensions`, which it takes where there is one and doesn't need.

    That takes longer to import than msgspec itself. Whoever wants it afterwards imports it as always.
    """
    spared = "typing_extensions"
    if spared in sys.modules or "msgspec" in sys.modules:
        return
    sys.modules[spared] = None  # type: ignore[assignment]  # then it can't be imported
    try:
        import msgspec  # noqa: F401, PLC0415 - for those that import it later
    finally:
        del sys.modules[spared]
