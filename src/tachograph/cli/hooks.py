"""`tachograph hooks`: puts the hooks into Claude Code's settings, takes them out, and says whether they work."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.options import Parser, add_json
from tachograph.errors import TachographError
from tachograph.folders import named_folder, named_folders, store_folder
from tachograph.hooks.command import HookCommand
from tachograph.hooks.events import EVENTS, events_of
from tachograph.hooks.log import FAILURES, failures, folder_in
from tachograph.hooks.seen import last_noted, version, version_in_use
from tachograph.hooks.settings import SettingsFile
from tachograph.report.figures import several
from tachograph.report.printable import printable
from tachograph.sources.claude_code import ClaudeCode

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tachograph.hooks.seen import Version

_EXAMPLES: Final = (
    "tachograph hooks show                          what would be installed, or is, and whether it works",
    "tachograph hooks install                       for all projects of this user",
    "tachograph hooks install --scope local         for this folder's project, and for you alone",
    "tachograph hooks remove",
)
_SCOPES: Final = {"user": None, "project": "settings.json", "local": "settings.local.json"}
"""The scopes, and the file of those that belong to a project, in its folder `.claude`."""


def run(command: str, arguments: Sequence[str]) -> int:
    """Does what was asked with the settings."""
    parser = Parser(
        command,
        usage="tachograph hooks install|show|remove [options]",
        description="Hooks in Claude Code's settings that note what transcripts don't tell: how long tools took\n"
        "without the wait for a permission, notifications, ends of sessions. docs/hooks.md says what is kept.",
        examples=_EXAMPLES,
    )
    parser.add_argument("do", metavar="ACTION", choices=("install", "show", "remove"), help="install, show or remove")
    parser.add_argument(
        "--scope", choices=tuple(_SCOPES), default="user", help="whose settings: user (unless said), project or local"
    )
    parser.add_argument("--settings", metavar="FILE", help="the settings file itself")
    parser.add_argument("--claude-version", metavar="N.N.N", help="of Claude Code, else as the newest transcripts say")
    parser.add_argument("--home", metavar="FOLDER", help="where the hooks are to write (else as for the store)")
    add_json(parser)
    options = parser.parse_args(arguments)
    if options.json and options.do != "show":
        parser.error("--json goes with show")
    return {"install": _install, "show": _show, "remove": _remove}[options.do](options)


def _install(options: Namespace) -> int:
    file = SettingsFile(_path(options))
    used = _version(options)
    events = events_of(used)
    command = _command(options.home)
    if file.install(events, command):
        kept = f"; what they were before is in {printable(file.backup.name)}" if file.exists else ""
        print(f"Installed {several(len(events), 'hook')} in {printable(str(file.path))}{kept}.")
        print(
            "Claude Code runs them in sessions that begin from now on; 'tachograph hooks show' says whether they work."
        )
    else:
        print(f"Already installed in {printable(str(file.path))}.")
    for line in _remarks(options, used, command):
        print(line, file=sys.stderr)
    return 0


def _remove(options: Namespace) -> int:
    file = SettingsFile(_path(options))
    removed = file.remove()
    print(f"{'Removed the hooks from' if removed else 'There are no hooks of ours in'} {printable(str(file.path))}.")
    return 0


def _remarks(options: Namespace, used: Version | None, command: HookCommand) -> list[str]:
    remarks = []
    left_out = [event.name for event in EVENTS if event not in events_of(used)]
    if left_out and used is None:
        remarks.append(
            f"Left out, because no transcript says which version of Claude Code this is: {', '.join(left_out)} "
            "(an older one would refuse its settings; name yours with --claude-version)"
        )
    elif left_out:
        remarks.append(f"Left out, because Claude Code {_dotted(used)} doesn't have them: {', '.join(left_out)}")
    if "archive-v0" in Path(command.program[0]).parts:
        remarks.append(f"{command.program[0]} is in a cache, which may be emptied: install tachograph for good first")
    if options.scope == "project" and options.settings is None:
        remarks.append(f"Others who use this project need {command.program[0]} too; --scope local is for you alone")
    return remarks


@dataclass(frozen=True, slots=True)
class HooksState:
    """What there is of the hooks: in one settings file, and in the log that they write."""

    settings: Path
    installed: dict[str, HookCommand]
    wanted: dict[str, bool]
    """Each event: whether the version of Claude Code that is in use has it."""
    command: HookCommand
    """What is installed, or would be."""
    log: Path
    last: dict[str, str]
    failures: list[str]
    troubles: list[str]


def _show(options: Namespace) -> int:
    state = _state(options)
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(_document(state))
    else:
        from tachograph.cli.hooks_page import hooks_page

        hooks_page(state)
    return 0


def _state(options: Namespace) -> HooksState:
    path = _path(options)
    file = SettingsFile(path)
    installed = {entry.event: entry.command for entry in file.entries()}
    command = next(iter(installed.values()), None) or _command(options.home)
    log = Path(folder_in(str(named_folder(command.home) if command.home else store_folder(os.environ))))
    known = events_of(_version(options))
    return HooksState(
        settings=path,
        installed=installed,
        wanted={event.name: event in known for event in EVENTS},
        command=command,
        log=log,
        last=last_noted(log),
        failures=failures(str(log)),
        troubles=_troubles(path, installed, log),
    )


def _troubles(path: Path, installed: dict[str, HookCommand], log: Path) -> list[str]:
    """Why hooks that are installed don't work, or not as meant."""
    if not installed:
        return []
    programs = dict.fromkeys(command.program[0] for command in installed.values())
    found = [
        f"{program} isn't there, or can't be run (mend it with: tachograph hooks install)"
        for program in programs
        if not os.access(program, os.X_OK)
    ]
    if log != Path(folder_in(str(store_folder(os.environ)))):
        found.append(f"they write to {log}, where only commands with that --home look for it")
    there = next(folder for folder in (log, *log.parents) if folder.exists())
    if not (there.is_dir() and os.access(there, os.W_OK)):
        found.append(f"{there} can't be written to")
    others = [other for scope in _SCOPES if (other := _scope_path(scope)) != path and _has_hooks(other)]
    found += [f"they are installed in {other} too: one event may be noted twice" for other in others]
    return found


def _has_hooks(path: Path) -> bool:
    try:
        return bool(SettingsFile(path).entries())
    except (OSError, TachographError):
        return False


def _document(state: HooksState) -> dict[str, Any]:
    return {
        "settings": str(state.settings),
        "installed": bool(state.installed),
        "command": str(state.command),
        "log": str(state.log),
        "events": [
            {"event": event.name, "installed": event.name in state.installed, "last": state.last.get(event.name)}
            for event in EVENTS
        ],
        "troubles": state.troubles,
        "failures": state.failures,
        "failures_file": str(state.log / FAILURES),
    }


def _path(options: Namespace) -> Path:
    return Path(options.settings).expanduser().absolute() if options.settings else _scope_path(options.scope)


def _scope_path(scope: str) -> Path:
    name = _SCOPES[scope]
    if name is not None:
        return Path.cwd() / ".claude" / name
    moved = named_folders(os.environ.get("CLAUDE_CONFIG_DIR", ""))
    return (moved[0] if moved else Path.home() / ".claude") / "settings.json"


def _version(options: Namespace) -> Version | None:
    if options.claude_version is None:
        return version_in_use(ClaudeCode().places(os.environ, Path.home()))
    named = version(options.claude_version)
    if named is None:
        raise TachographError(f"--claude-version: {options.claude_version!r} is no version", mend="such as 2.1.76")
    return named


def _command(home: str | None) -> HookCommand:
    """The command of this installation, with the folder that was named: an agent may run without our environment."""
    named = home or os.environ.get("TACHOGRAPH_HOME")
    return HookCommand(_program(), str(named_folder(named)) if named else None)


def _program() -> tuple[str, ...]:
    """The executable that runs now, by the name under which it was called, else Python's with this package."""
    script = Path(sys.argv[0])
    beside = Path(sysconfig.get_path("scripts")) / ("tachograph.exe" if os.name == "nt" else "tachograph")
    for program in (script, beside):
        if program.name.removesuffix(".exe") == "tachograph" and program.is_file():
            return (str(program.absolute()),)
    return (sys.executable, "-m", "tachograph")


def _dotted(used: Version | None) -> str:
    return ".".join(map(str, used or ()))
