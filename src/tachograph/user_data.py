"""Where the platform keeps a user's data: mostly known without the library that knows it of every platform."""

from __future__ import annotations

import os
import sys
from typing import Final

_NAME: Final = "tachograph"


def user_data_folder() -> str:
    """The folder of ours among them. Raises `RuntimeError` where this user has no home folder.

    What the library says where nothing is unusual on Linux is said here, as its import takes 2 ms.
    """
    environment = os.environ
    if sys.platform == "linux" and not (hasattr(sys, "getandroidapilevel") or "ANDROID_DATA" in environment):
        base = environment.get("XDG_DATA_HOME", "")
        if os.path.isabs(base):  # noqa: PTH117 - commands in a hurry do without pathlib
            return os.path.join(base, _NAME)  # noqa: PTH118 - as above
        if os.path.isabs(environment.get("HOME", "")):  # noqa: PTH117 - as above
            return os.path.join(os.path.expanduser("~/.local/share"), _NAME)  # noqa: PTH111, PTH118 - as above
    from platformdirs import user_data_dir  # noqa: PLC0415 - see above

    return user_data_dir(_NAME, appauthor=False)
