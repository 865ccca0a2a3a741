"""`tachograph hook`: notes an event that an agent's hook tells on stdin.

The agent waits for it and reads what it prints, so it always ends with 0 and prints nothing, whatever happens: what
went wrong is noted beside the log, and told by `tachograph hooks show`. docs/hooks.md says what is kept.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final

from tachograph.cli.early_home import home_folder
from tachograph.hooks.events import note, timestamp
from tachograph.hooks.log import append, folder_in, tell_failure

if TYPE_CHECKING:
    from collections.abc import Sequence

_INPUT_MAX: Final = 256 << 20
_HELP: Final = """\
usage: tachograph hook [--home FOLDER]   < the hook's input

Notes an event of Claude Code's hooks: names, ids, outcomes and durations, never a text. It prints nothing and
always ends with 0. Agents run it; 'tachograph hooks install' tells them to, and 'tachograph hooks show' says
whether it works.

examples:
  tachograph hook < event.json                   as an agent runs it
"""


def run(command: str, arguments: Sequence[str]) -> int:
    """Notes the event on stdin. Always 0."""
    del command
    if {"-h", "--help"} & set(arguments):
        print(_HELP, end="")
        return 0
    folder: str | None = None
    try:
        folder = folder_in(home_folder(arguments))
        _note(sys.stdin.buffer.read(_INPUT_MAX + 1), folder)
    except BaseException as error:  # noqa: BLE001 - whatever it is, Ctrl-C too, the agent isn't to notice
        _tell(folder, error)
    return 0


def _note(given: bytes, folder: str) -> None:
    import json

    if len(given) > _INPUT_MAX:
        raise _Unusable(f"the input is larger than {_INPUT_MAX >> 20} MiB")
    try:
        event = json.loads(given)
    except (ValueError, RecursionError):
        raise _Unusable("the input isn't JSON" if given.strip() else "there is no input") from None
    if not isinstance(event, dict) or not isinstance(event.get("hook_event_name"), str):
        raise _Unusable("the input isn't that of a hook: it has no hook_event_name")
    line = note(event, _failure)
    if line is not None:
        append(folder, line["timestamp"], json.dumps(line, separators=(",", ":")).encode())


class _Unusable(Exception):  # noqa: N818 - a reason, on its way to the log of failures
    """The input can't be an event."""


def _failure(error: str) -> tuple[str, bool]:
    from tachograph.sources.claude_errors import tool_error_kind  # a call that fails is rare

    return tool_error_kind(b'"' + error.encode(errors="replace"))


def _tell(folder: str | None, error: BaseException) -> None:
    """Notes a failure in words that hold nothing of the input, if that can be noted anywhere."""
    if isinstance(error, _Unusable):
        what = str(error)
    elif isinstance(error, OSError):
        what = f"{error.filename or 'stdin'}: {error.strerror or type(error).__name__}"
    else:
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        place = f"{os.path.basename(last.tb_frame.f_code.co_filename)}:{last.tb_lineno}" if last else "?"  # noqa: PTH119
        what = f"a fault of the program, {type(error).__name__} in {place}"
    try:
        if folder is not None:
            tell_failure(folder, timestamp(time.time_ns()), what)
    except Exception:  # noqa: BLE001, S110 - there is nobody left to tell
        pass
