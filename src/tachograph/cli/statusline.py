"""`tachograph statusline`: one line for an agent's status bar.

The agent waits for it at every turn, so this module imports next to nothing and reads no history: what isn't in the
agent's own words on stdin comes from a small file that the last update left (`status_update`). When that is old, an
update is begun in another process, for which nobody waits.

Whatever goes wrong, a line is printed, and the exit code is 0.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.early_home import home_folder, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FILE: Final = "status.json"
LOCK: Final = "status.lock"
FORM: Final = 1
"""Goes up when the file's content changes its meaning."""
_UPDATE: Final = "--update"
_EVERY_SECONDS: Final = 30
_GIVEN_UP_SECONDS: Final = 600
"""An update that has begun so long ago has died."""
_OLD_SECONDS: Final = 900
"""From then on it is said how old the figures are."""
_INPUT_MAX: Final = 1 << 20
_SILENCE_SECONDS: Final = 0.2
"""So long may an agent leave stdin open and say nothing, or no more."""
_US: Final = 1_000_000
_HELP: Final = """\
usage: tachograph statusline [--home FOLDER] [--every SECONDS]   < what the agent tells

One line for an agent's status bar: the model, what this session, today and the block of five hours cost, how long the
block goes on and how fast, and how full the context is. It reads no history: figures of the store are those of the last
update, which another process makes while nobody waits; one is begun where the last is more than 30 seconds old.

options:
  --every SECONDS   how old an update may get before another is begun (30; 0: none is ever begun)
  --update          makes an update now, and prints nothing
  --home FOLDER     the folder of the store (else TACHOGRAPH_HOME, else the usual one)

examples:
  tachograph statusline < status.json            as an agent runs it
  tachograph statusline --update                 what runs in the background
  {"statusLine": {"type": "command", "command": "tachograph statusline"}}   in ~/.claude/settings.json
"""


def run(command: str, arguments: Sequence[str]) -> int:
    """Prints the line. Always 0, but for an update that fails."""
    del command
    if {"-h", "--help"} & set(arguments):
        print(_HELP, end="")
        return 0
    if _UPDATE in arguments:
        from tachograph.cli.status_update import update

        return update(value_of(arguments, "--home"))
    try:
        folder = home_folder(arguments)
        told, known = _told(), _known(folder)
        now_us = time.time_ns() // 1000
        print(line(told, known, now_us))
        sys.stdout.flush()
        every = value_of(arguments, "--every")
        _begin_update(folder, known, now_us, _EVERY_SECONDS if every is None else int(every))
    except Exception as error:  # noqa: BLE001 - the agent shows what is printed, and hides a line that fails
        print(f"tachograph: {type(error).__name__}")
    return 0


def line(told: Mapping[str, Any], known: Mapping[str, Any], now_us: int) -> str:
    """What the agent told and what is known of the store, in one line."""
    parts = [*_of_agent(told, known), *_of_store(known, now_us)]
    if parts:
        return " · ".join(parts)
    from tachograph.report.printable import printable

    return f"tachograph: {printable(str(known.get('trouble', 'the logs are being read')))}"


def _of_agent(told: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    from tachograph.report.figures import dollars, tokens
    from tachograph.report.printable import printable

    model = _at(told, "model", "display_name") or _at(told, "model", "id")
    if isinstance(model, str) and model:
        yield printable(model[:60])
    session = _at(known, "sessions", str(told.get("session_id")))
    cost = _number(_at(told, "cost", "total_cost_usd")) or _number(_at(session, "cost_usd"))
    used = _number(_at(session, "tokens"))
    if cost is not None:
        yield f"{dollars(cost)} session" + (f" ({tokens(int(used))} tokens)" if used else "")
    full = _number(_at(told, "context_window", "used_percentage"))
    if full is not None:
        yield f"{full:.0f} % context"
    limit = _number(_at(told, "rate_limits", "five_hour", "used_percentage"))
    if limit is not None:
        yield f"{limit:.0f} % of 5 h"


def _of_store(known: Mapping[str, Any], now_us: int) -> Iterator[str]:
    from tachograph.report.figures import dollars, duration

    today = known.get("today")
    if today and today["start_us"] <= now_us < today["end_us"]:
        yield f"{'≥' if today['at_least'] else ''}{dollars(today['cost_usd'])} today"
    for block in known.get("blocks", ()):
        if block["start_us"] <= now_us < block["end_us"]:
            left = duration((block["end_us"] - now_us) / 1000)
            speed = "" if block["usd_per_hour"] is None else f", {dollars(block['usd_per_hour'])}/h"
            yield f"block {dollars(block['cost_usd'])}{speed}, {left} left"
            break
    made_us = known.get("made_us")
    if made_us is not None and now_us - made_us > _OLD_SECONDS * _US:
        yield f"as of {duration((now_us - made_us) / 1000)} ago"


def _told() -> dict[str, Any]:
    """What the agent says on stdin; nothing where it says nothing that can be understood."""
    if sys.stdin is None or sys.stdin.isatty():
        return {}
    try:
        return _read(sys.stdin.fileno())
    except (OSError, ValueError):  # it is no file of the system's, or can't be waited for
        return _object(sys.stdin.buffer.read(_INPUT_MAX)) or {}


def _read(number: int) -> dict[str, Any]:
    """The object that comes from a file: once it is whole, though the file may not end; nobody is waited for long."""
    import select

    content = b""
    while len(content) < _INPUT_MAX and select.select([number], [], [], _SILENCE_SECONDS)[0]:
        more = os.read(number, 65_536)
        content += more
        told = _object(content) if not more or content.rstrip().endswith(b"}") else None
        if told is not None or not more:
            return told or {}
    return {}


def _object(content: bytes) -> dict[str, Any] | None:
    import json

    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _known(folder: str) -> dict[str, Any]:
    """What the last update left; nothing where there was none."""
    try:
        with open(os.path.join(folder, FILE), "rb") as file:  # noqa: PTH118, PTH123 - pathlib takes as long as all this
            known = _object(file.read(_INPUT_MAX)) or {}
    except OSError:
        return {}
    return known if known.get("form") == FORM else {}


def _begin_update(folder: str, known: Mapping[str, Any], now_us: int, every_seconds: int) -> None:
    """Lets another process make an update, where the last one is old and none is under way."""
    made_us = known.get("made_us", 0)
    if not every_seconds or 0 <= now_us - made_us < every_seconds * _US or not _take_lock(folder, now_us):
        return
    from tachograph.interpreter import module_command

    command = module_command("tachograph", "statusline", _UPDATE, "--home", folder)
    if not hasattr(os, "posix_spawn"):
        import subprocess

        flags = getattr(subprocess, "DETACHED_PROCESS", 0)
        subprocess.Popen(command, stdin=-3, stdout=-3, stderr=-3, creationflags=flags)  # noqa: S603 - of our own
        return
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    os.posix_spawn(command[0], command, os.environ, file_actions=nowhere, setpgroup=0)


def _take_lock(folder: str, now_us: int) -> bool:
    """Whether it is this process that begins the update."""
    path = os.path.join(folder, LOCK)  # noqa: PTH118 - as above
    try:
        if now_us - os.stat(path).st_mtime * _US > _GIVEN_UP_SECONDS * _US:  # noqa: PTH116 - as above
            os.unlink(path)  # noqa: PTH108 - as above
    except OSError:
        pass
    try:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - as above
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        return False
    return True


def _at(value: Any, *keys: str) -> Any:
    """What stands there, or None."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else None
