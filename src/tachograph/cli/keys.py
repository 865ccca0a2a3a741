"""`tachograph keys`: makes a key for the server, lists those that there are, revokes one."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.home import store_path
from tachograph.cli.options import Parser, add_home_folder, add_json
from tachograph.collector.keys import SCOPES, Key, Keys
from tachograph.collector.tenants import DEFAULT
from tachograph.errors import TachographError
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_EXAMPLES: Final = (
    'tachograph keys create --scope write --label "CI" > ci.key   a key that may send, and nothing else',
    "tachograph keys create --scope read --tenant acme            a key that may ask the store of acme",
    "tachograph keys list",
    "tachograph keys revoke 5d116e7e",
)
_COLUMNS: Final = ("id", "tenant", "scopes", "created", "revoked", "label")


def run(command: str, arguments: Sequence[str]) -> int:
    """Does what was asked with the keys."""
    parser = Parser(
        command,
        usage="tachograph keys create|list|revoke [ID] [options]",
        description="API keys for 'tachograph serve'. As soon as there is one, the server lets in nobody without one.\n"
        "create prints the key on stdout, this once: only a digest of it is kept.",
        examples=_EXAMPLES,
    )
    parser.add_argument("do", metavar="ACTION", choices=("create", "list", "revoke"), help="create, list or revoke")
    parser.add_argument("id", metavar="ID", nargs="?", help="of the key to revoke, as list shows it")
    group = parser.add_argument_group("a new key")
    group.add_argument(
        "--scope",
        action="append",
        choices=SCOPES,
        metavar="SCOPE",
        help="what it allows: write (send), read (ask) or admin (see the server's state); repeat it to allow several",
    )
    group.add_argument("--tenant", metavar="NAME", help=f"whose store it is for ({DEFAULT} unless named)")
    group.add_argument("--label", metavar="TEXT", help="what it is for, to know it again")
    add_home_folder(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    _check(parser, options)
    keys = Keys(store_path(options.home).parent)
    return {"create": _create, "list": _list, "revoke": _revoke}[options.do](keys, options)


def _check(parser: Parser, options: Namespace) -> None:
    """Ends the command where options are given with an action that they don't go with, or are missing."""
    if options.do == "create" and not options.scope:
        parser.error(f"--scope says what the key allows: {', '.join(SCOPES)} (repeat it to allow several)")
    if options.do != "create" and (options.scope or options.tenant is not None or options.label is not None):
        parser.error("--scope, --tenant and --label go with create")
    if options.do != "list" and options.json:
        parser.error("--json goes with list")
    if (options.do == "revoke") != (options.id is not None):
        parser.error("an ID goes with revoke, and with nothing else")


def _create(keys: Keys, options: Namespace) -> int:
    tenant = DEFAULT if options.tenant is None else options.tenant
    key, secret = keys.create(tenant, options.scope, options.label or "", _now_us())
    print(secret, flush=True)
    print(
        f"This is key {key.id} of {key.tenant}, which may {_scopes(key)}. It can't be shown again: keep it where only"
        " those who use it can read it.",
        file=sys.stderr,
    )
    return 0


def _list(keys: Keys, options: Namespace) -> int:
    there = keys.all()
    if options.json:
        from tachograph.cli.documents import write_json

        write_json([_document(key) for key in there])
    elif there:
        _table([[*_COLUMNS], *(_row(key) for key in there)])
    else:
        print("There are no keys: 'tachograph serve' on this machine alone lets in whoever is on it, and nobody else.")
    return 0


def _revoke(keys: Keys, options: Namespace) -> int:
    if options.id.startswith("tg_"):  # not to be repeated in a message
        raise TachographError("that is a key, not its id", mend="the id is what stands between tg_ and the next _")
    key, changed = keys.revoke(options.id, _now_us())
    if changed:
        print(f"Revoked key {key.id} of {key.tenant}: a server that runs lets it in no more.")
    else:
        assert key.revoked_us is not None
        print(f"Key {key.id} of {key.tenant} was revoked already, at {_moment(key.revoked_us)}.")
    if keys.is_empty():
        print(
            "No other key is left: a server on loopback alone lets in whoever is on its machine, without a key.",
            file=sys.stderr,
        )
    return 0


def _table(rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _row(key: Key) -> list[str]:
    revoked = "–" if key.revoked_us is None else _moment(key.revoked_us)
    return [printable(text) for text in (key.id, key.tenant, _scopes(key), _moment(key.created_us), revoked, key.label)]


def _document(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "tenant": key.tenant,
        "scopes": sorted(key.scopes),
        "label": key.label,
        "created": _moment(key.created_us),
        "revoked": None if key.revoked_us is None else _moment(key.revoked_us),
    }


def _scopes(key: Key) -> str:
    return ",".join(scope for scope in SCOPES if scope in key.scopes)


def _moment(us: int) -> str:
    """In UTC, to the second. A file by hand may hold what no calendar has."""
    try:
        return f"{datetime.fromtimestamp(us / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"{us} µs"


def _now_us() -> int:
    return time.time_ns() // 1000
