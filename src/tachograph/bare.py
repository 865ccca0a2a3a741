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
