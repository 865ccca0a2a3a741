"""The command `tachograph`: finds the command's module, runs it, and says in one line what went wrong.

Exit codes: 0 where there is an answer, 2 where there is none, 130 after Ctrl-C.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

_GOOD, _REFUSED, _INTERRUPTED = 0, 2, 130

_ANSWERS: Final = "tachograph.cli.answers"
COMMANDS: Final = {
    "summary": ("tachograph.cli.summary", "what happened, on one page"),
    "hourly": (_ANSWERS, "one row per hour"),
    "daily": (_ANSWERS, "one row per day"),
    "weekly": (_ANSWERS, "one row per week, from Monday"),
    "monthly": (_ANSWERS, "one row per month"),
    "sessions": (_ANSWERS, "one row per session"),
    "users": (_ANSWERS, "one row per user"),
    "tools": (_ANSWERS, "one row per tool"),
    "agents": (_ANSWERS, "one row per agent"),
    "projects": (_ANSWERS, "one row per project folder"),
    "models": (_ANSWERS, "one row per model"),
    "query": ("tachograph.cli.query", "any measure by anything: ask your own"),
    "report": ("tachograph.cli.report", "a document: Markdown, HTML with charts, JSON, CSV or text"),
    "export": ("tachograph.cli.export", "metrics or rows as JSON Lines, CSV, Parquet, Arrow, Excel; for monitoring"),
    "blocks": ("tachograph.cli.blocks", "what was used in blocks of five hours, how fast, and what it comes to"),
    "budget": ("tachograph.cli.budget", "what may be used in a day, week or month; whether it was more"),
    "live": ("tachograph.cli.live", "the sessions that run now, as they go on"),
    "statusline": ("tachograph.cli.statusline", "one line for an agent's status bar"),
    "insights": ("tachograph.cli.insights", "what changed: unusual days, and what explains them"),
    "dashboard": ("tachograph.cli.dashboard", "all of it as a page in the browser, which follows what agents do"),
    "ingest": ("tachograph.cli.ingest", "read logs into the store"),
    "sources": ("tachograph.cli.sources", "where the logs are, and how many of them were read"),
    "serve": ("tachograph.cli.serve", "collect what agents export, and answer over HTTP"),
    "mcp": ("tachograph.cli.mcp", "answer agents' questions, over the Model Context Protocol"),
    "migrate": ("tachograph.cli.migrate", "copy the store to a ClickHouse server"),
    "push": ("tachograph.cli.push", "send what the store has to a server"),
    "record": ("tachograph.cli.record", "record a metric of your own"),
    "hooks": ("tachograph.cli.hooks", "note more of Claude Code's sessions: install, show, remove"),
    "hook": ("tachograph.cli.hook", "note an event, as those hooks do"),
    "connect": ("tachograph.cli.connect", "have an agent send what it counts: Claude Code, Codex CLI, Gemini CLI"),
    "keys": ("tachograph.cli.keys", "API keys for the server: create, list, revoke"),
    "prices": ("tachograph.cli.prices", "which prices costs are by; fetch newer ones"),
    "doctor": ("tachograph.cli.doctor", "whether the store and the logs are whole; mends what isn't"),
    "retention": ("tachograph.cli.retention", "what is kept for how long: logs, and the detail of old metrics"),
    "completion": ("tachograph.cli.completion", "commands and options, completed by bash, zsh or fish"),
    "rejects": ("tachograph.cli.rejects", "which lines couldn't be read, and why"),
}
"""Every command: the module whose `run` does it, and what it answers."""

IN_A_HURRY: Final = frozenset({"hook", "statusline"})
"""Commands that do without the library for JSON, whose import takes as long as all that they do."""

_EXAMPLES: Final = (
    "tachograph summary                            everything, on one page",
    "tachograph summary --demo                     the same over a made-up history",
    "tachograph daily --since 2026-03-01           the days since the 1st of March",
    "tachograph tools --project . --json           this folder's tools, as JSON",
    "tachograph query --by day,tool --top 5        a question of your own",
    "tachograph ingest logs/                       read a folder of logs",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line (that of the process unless given) and gives its exit code."""
    try:
        _never_fail_on_a_character()
        gc.set_threshold(100_000)  # columns of objects that nothing refers to in circles: looking for those took 5 %
        code = _run(list(sys.argv[1:] if argv is None else argv))
        if sys.stdout is not None:
            sys.stdout.flush()
    except SystemExit as leave:  # argparse's way out, of --help too
        code = _flushed(leave.code if isinstance(leave.code, int) else _GOOD)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:  # whoever read the answer has read enough
        _abandon_stdout()
        code = _GOOD
    except Exception as error:
        explained = _explain(error)
        if explained is None:
            raise
        code = explained
    return code


def _flushed(code: int) -> int:
    """The code, if what was printed could be written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has read enough
        _abandon_stdout()
    except OSError as error:
        return _explain(error) or code
    return code


def run_and_leave() -> NoReturn:
    """Runs the process's command line and ends the process at once.

    Nothing is waited for that a command leaves behind: taking modules and objects apart took a tenth of its time.
    """
    from tachograph.cli.ending import process_ends
    from tachograph.process import own_process

    own_process()
    process_ends()
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in COMMANDS:
        module, _ = COMMANDS[arguments[0]]
        if arguments[0] not in IN_A_HURRY:
            from tachograph.bare import import_msgspec

            import_msgspec()
        code: int = import_module(module).run(*arguments[:1], arguments[1:])
        return code
    if arguments == ["--version"]:
        from tachograph import __version__

        print(f"tachograph {__version__}")
        return _GOOD
    return _without_a_command(arguments)


def _without_a_command(arguments: list[str]) -> int:
    from tachograph.cli.options import Parser

    wide = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{wide}} {answer}" for name, (_, answer) in COMMANDS.items())
    parser = Parser(
        "",
        usage="tachograph COMMAND [options]",
        description=f"The analytics engine for AI agents.\n\ncommands:\n{listed}",
        examples=_EXAMPLES,
    )
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    late = next((argument for argument in arguments if argument in COMMANDS), None)
    if late is not None and not {"-h", "--help"} & set(arguments):
        parser.error(f"options come after the command: tachograph {late} …")
    if arguments and late is None and not arguments[0].startswith("-"):
        parser.error(f"there is no command {arguments[0]!r}{_likeliest(arguments[0])}")
    parser.parse_args([argument for argument in arguments if argument != late])
    if "--version" in arguments:
        return _run(["--version"])
    parser.print_help()
    return _GOOD


def _likeliest(unknown: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(unknown, COMMANDS, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _explain(error: Exception) -> int | None:
    """Says in one line what went wrong, and gives the exit code; None for a fault of the program."""
    if type(error).__name__ == "InterruptException" or str(error) == "Query interrupted":
        return _INTERRUPTED  # Ctrl-C, as DuckDB tells of it
    line = _in_one_line(error)
    if line is None:
        return None
    if isinstance(error, OSError):
        _abandon_stdout()
    print(f"tachograph: {line}", file=sys.stderr)
    return _REFUSED


def _in_one_line(error: Exception) -> str | None:
    """What a user's mistake or the machine's trouble comes to; None for a fault of the program."""
    from tachograph.errors import TachographError
    from tachograph.report.printable import printable

    if isinstance(error, TachographError):
        return printable(str(error))
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else "reading or writing failed: "
        return printable(f"{place}{error.strerror or error}")
    return None


def _never_fail_on_a_character() -> None:
    """A terminal that lacks a character is shown its number."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def _abandon_stdout() -> None:
    """Lets what waits to be written go nowhere, or Python complains of it when it ends."""
    try:
        number = sys.stdout.fileno()
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        number = -1 if sys.stdout is None else 1
    if number == 1:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
