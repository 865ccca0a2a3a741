"""Folders that the environment names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def named_folder(name: str) -> Path:
    """The folder of that name, from the root on; `~` is a home folder, where there is such a user."""
    try:
        return Path(name.strip()).expanduser().absolute()
    except RuntimeError:
        return Path(name.strip()).absolute()


def named_folders(names: str) -> list[Path]:
    """Several, separated by commas."""
    return [named_folder(name) for name in names.split(",") if name.strip()]


def own_folder(environment: Mapping[str, str]) -> Path:
    """The folder that is ours: TACHOGRAPH_HOME, or the platform's for such data."""
    named = environment.get("TACHOGRAPH_HOME")
    if named:
        return named_folder(named)
    from platformdirs import user_data_path  # noqa: PLC0415 - whoever names a folder needn't wait for it

    return user_data_path("tachograph", appauthor=False)
