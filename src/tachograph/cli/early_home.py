"""The folder of the store, for commands in a hurry: as `cli.home` has it, without what takes long to import."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tachograph.user_data import user_data_folder

if TYPE_CHECKING:
    from collections.abc import Sequence


def value_of(arguments: Sequence[str], option: str) -> str | None:
    """What follows an option; None without it."""
    return arguments[arguments.index(option) + 1] if option in arguments[:-1] else None


def home_folder(arguments: Sequence[str]) -> str:
    """The one that `--home` names, or TACHOGRAPH_HOME, or the platform's for such data."""
    named = value_of(arguments, "--home") or os.environ.get("TACHOGRAPH_HOME")
    if named:
        return os.path.join(os.getcwd(), os.path.expanduser(named.strip()))  # noqa: PTH109, PTH111, PTH118 - as said
    return user_data_folder()
