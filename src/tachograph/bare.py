"""Importing parts of a package without what the package itself imports first."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def bare_package(name: str) -> Iterator[None]:
    """Lets modules of a package be imported in this block without its own first lines; none that needs those works.

    Afterwards the package is imported as always by whoever wants it. Where it was imported before, nothing is done.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None:
        yield
        return
    bare = module_from_spec(spec)
    sys.modules[name] = bare
    try:
        yield
    finally:
        if sys.modules.get(name) is bare:
            del sys.modules[name]


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
