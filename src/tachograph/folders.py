"""Folders: those that the environment names, and those that are Tachograph's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tachograph.user_data import user_data_folder

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


def store_folder(environment: Mapping[str, str], named: str | None = None) -> Path:
    """The folder named, or TACHOGRAPH_HOME, or the platform's for such data."""
    folder = named or environment.get("TACHOGRAPH_HOME")
    if folder:
        return named_folder(folder)
    return Path(user_data_folder())


def metrics_folders(environment: Mapping[str, str]) -> list[Path]:
    """Where metrics logs are: the folders that TACHOGRAPH_METRICS names, else `metrics` in the store's folder.

    Programs record into the first one, unless they name another.
    """
    return named_folders(environment.get("TACHOGRAPH_METRICS", "")) or [store_folder(environment) / "metrics"]
