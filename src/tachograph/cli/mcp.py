"""`tachograph mcp`: answers agents' questions over the Model Context Protocol."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from tachograph.cli.asking import asked_zone
from tachograph.cli.ending import process_goes_on
from tachograph.cli.options import Parser, add_place
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from tachograph.store.duckdb import Store

_EXAMPLES: Final = (
    "tachograph mcp                                      as 'claude mcp add tachograph -- tachograph mcp' has it",
    "tachograph mcp --http --port 8123                   at http://127.0.0.1:8123/mcp, for programs of this machine",
    "tachograph mcp --demo                               over the bundled history",
)
_DESCRIPTION: Final = """\
A server of the Model Context Protocol: agents ask what agents did. Its tools only read: aggregate, query, compare,
expensive_sessions, failing_tools, explain_change. It speaks over stdin and stdout, or with --http to programs of this
machine. Each answer has 25,000 characters at most. Needs 'tachograph[mcp]'.
"""
_PORT: Final = 8123
_HOST: Final = "127.0.0.1"


def run(command: str, arguments: Sequence[str]) -> int:
    """Answers until the agent that started it goes away, or the process is told to end."""
    parser = Parser(
        command,
        usage="tachograph mcp [options]",
        description=_DESCRIPTION.rstrip(),
        examples=_EXAMPLES,
    )
    parser.add_argument("--http", action="store_true", help="over HTTP on 127.0.0.1, instead of stdin and stdout")
    parser.add_argument("--port", metavar="N", type=int, help=f"for --http ({_PORT}; 0: any)")
    parser.add_argument("--timezone", metavar="ZONE", help="whose midnights count, as Europe/Rome; else the system's")
    add_place(parser)
    options = parser.parse_args(arguments)
    if options.port is not None and not options.http:
        parser.error("--port goes with --http")
    _need_library()
    process_goes_on()
    from tachograph.mcp.server import server_of
    from tachograph.mcp.tools import Tools

    server = server_of(Tools(_Opening(options), asked_zone(options.timezone)))
    if options.http:
        from tachograph.mcp.http import serve

        serve(server, _HOST, _PORT if options.port is None else options.port, _tell)
    else:
        server.run("stdio")
    return 0


class _Opening:
    """Opens the store that the options say, with all that is new in it."""

    def __init__(self, options: Namespace) -> None:
        self._options = options

    def __call__(self, remarks: list[str]) -> AbstractContextManager[Store]:
        from tachograph.cli.answering import opened

        return opened(self._options, remarks)


def _need_library() -> None:
    try:
        import mcp.server.mcpserver  # noqa: F401
    except ImportError as error:
        raise TachographError(
            f"it needs more than is installed: {error.name}", mend="pip install 'tachograph[mcp]'"
        ) from None


def _tell(what: str) -> None:
    if sys.stderr is not None:
        print(f"tachograph: {what}", file=sys.stderr, flush=True)
