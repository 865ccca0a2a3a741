"""`tachograph connect`: what makes an agent send what it counts to a server, shown, put in, or taken out again."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from shlex import quote
from textwrap import fill
from typing import TYPE_CHECKING, Final

from tachograph.cli.options import Parser
from tachograph.connecting.agents import AGENTS, Agent
from tachograph.connecting.destination import HTTP, Destination, destination, key_in_environment, key_in_file
from tachograph.errors import TachographError
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence

    from tachograph.connecting.settings import Settings

_EXAMPLES: Final = (
    "tachograph connect claude-code                                  what to put where",
    "tachograph connect claude-code --key-file ci.key --write        puts it there",
    "tachograph connect codex --url https://tachograph.example.com --key-env TACHOGRAPH_KEY --write",
    "tachograph connect gemini --undo",
)
_WIDTH: Final = 110
_OFF: Final = frozenset({"", "0", "false"})


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows what makes an agent send, or changes its settings."""
    parser = _parser(command)
    options = parser.parse_args(arguments)
    if options.undo and (options.write or options.grpc or options.url or options.key_file or options.key_env):
        parser.error("--undo goes with no other option")
    agent = AGENTS[options.agent]
    to = _destination(options)
    settings = agent.settings(os.environ, _home(), to)
    if options.undo:
        return _undo(agent, settings)
    if options.write:
        _write(agent, settings, to, options)
    else:
        _page(agent, settings, to, options)
    for remark in _remarks(agent, settings, to):
        print(printable(remark), file=sys.stderr)
    return 0


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage=f"tachograph connect {'|'.join(AGENTS)} [options]",
        description="Has an agent send what it counts to 'tachograph serve', by its own telemetry (OpenTelemetry).\n"
        "Without --write this shows what to put where, what is sent then and what isn't, and changes nothing.",
        examples=_EXAMPLES,
    )
    parser.add_argument("agent", metavar="AGENT", choices=tuple(AGENTS), help=", ".join(AGENTS))
    parser.add_argument("--url", metavar="URL", help=f"the server ({HTTP} unless named; with --grpc port 4317)")
    parser.add_argument("--grpc", action="store_true", help="speak gRPC instead of HTTP")
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key-file", metavar="FILE", help="the file that holds the key, if the server wants one")
    key.add_argument("--key-env", metavar="NAME", help="the environment variable that holds it")
    parser.add_argument("--write", action="store_true", help="change the agent's settings; a copy is kept beside them")
    parser.add_argument("--undo", action="store_true", help="take out what --write put in, and nothing else")
    return parser


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise TachographError("this user has no home folder to look for settings in", mend="set HOME") from None


def _destination(options: Namespace) -> Destination:
    key = None
    if options.key_file is not None:
        key = key_in_file(options.key_file)
    elif options.key_env is not None:
        key = key_in_environment(os.environ, options.key_env)
    return destination(options.url, is_grpc=options.grpc, key=key)


def _page(agent: Agent, settings: Settings, to: Destination, options: Namespace) -> None:
    print(f"{agent.title} sends to {to.url} with this in {printable(str(settings.path))}:\n")
    print(settings.text(f"<the key in {options.key_file or options.key_env}>" if to.key else None))
    print("\n--write puts it in, --undo takes it out again.")
    _say_how_it_goes_on(agent, to, options)


def _write(agent: Agent, settings: Settings, to: Destination, options: Namespace) -> None:
    was_there = settings.path.exists()
    try:
        changed = settings.connect()
    except TachographError:
        _page(agent, settings, to, options)
        sys.stdout.flush()
        raise
    place = printable(str(settings.path))
    if not changed:
        print(f"{agent.title} sends to {to.url} already, by {place}.")
        return
    kept = f"; what it was before is in {printable(settings.backup.name)}" if was_there else ""
    print(f"{agent.title} sends to {to.url} from its next start on, by {place}{kept}.")
    _say_how_it_goes_on(agent, to, options)


def _say_how_it_goes_on(agent: Agent, to: Destination, options: Namespace) -> None:
    """How it gets its key, where its settings have no place for one; what it sends and what not."""
    if to.key is not None and agent.key_in_environment:
        secret = f"$(cat {quote(options.key_file)})" if options.key_file else f"${{{options.key_env}}}"
        print(f"\n{agent.title} has no setting for a key, and takes it from its environment. Start it with:\n")
        print(printable(f'  OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer {secret}" gemini'))
    print()
    print(fill(agent.sends, _WIDTH, initial_indent="It sends   ", subsequent_indent=" " * 11))
    print(fill(agent.never, _WIDTH, initial_indent="but never  ", subsequent_indent=" " * 11))


def _undo(agent: Agent, settings: Settings) -> int:
    undone = settings.disconnect()
    place = printable(str(settings.path))
    if undone.changed:
        print(f"Took out of {place} what connect had put in; {agent.title} sends no more from its next start on.")
    else:
        print(f"There is nothing of connect's in {place}.")
    if undone.left:
        print(printable(f"Left, because it was changed since: {', '.join(undone.left)}"), file=sys.stderr)
    return 0


def _remarks(agent: Agent, settings: Settings, to: Destination) -> Iterator[str]:
    """What a user should know beyond what was asked."""
    for name in agent.wordy:
        if os.environ.get(name, "").lower() not in _OFF or settings.says(name):
            yield f"{name} is set: {agent.title} sends texts as well, which Tachograph drops. Unset it."
    for name in agent.instead:
        if name in os.environ:
            yield f"{name} is set in the environment, and takes the place of these settings. Unset it."
    if to.is_open:
        yield f"What is sent to {to.url} isn't encrypted{', nor is the key' if to.key else ''}: use https there."
    if to.key is not None and not agent.key_in_environment:
        yield f"{settings.path} holds the key, once it is written: keep it out of version control."
        if _others_may_read(settings.path):
            yield f"Others on this machine may read that file: chmod 600 {quote(str(settings.path))}"


def _others_may_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)) and os.name != "nt"
    except OSError:
        return False
