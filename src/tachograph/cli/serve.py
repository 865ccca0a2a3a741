"""`tachograph serve`: collects what agents export, and answers over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.cli.home import store_place
from tachograph.cli.options import Parser, add_home
from tachograph.cli.serving import collecting, need_libraries, port, reachable, tell
from tachograph.errors import TachographError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from tachograph.collector.keys import Keys
    from tachograph.store.place import StorePlace

_EXAMPLES: Final = (
    "tachograph serve                                        this machine's agents",
    "tachograph keys create --scope write --label laptops    then, for a team:",
    "tachograph serve --host 0.0.0.0 --certificate cert.pem --key key.pem",
    "tachograph serve --pseudonymise                         users by names that tell nothing",
)
_HTTP_PORT: Final = 4318
_GRPC_PORT: Final = 4317


def run(command: str, arguments: Sequence[str]) -> int:
    """Serves until the process is told to end."""
    options = _parser(command).parse_args(arguments)
    need_libraries()
    place = store_place(options)
    home = place.path.parent
    from tachograph.collector.keys import Keys
    from tachograph.server.listening import is_loopback

    keys = Keys(home)
    loopback = is_loopback(options.host)
    _check_credentials(options, keys, loopback=loopback)
    return _serve(options, place, keys, loopback=loopback)


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage="tachograph serve [options]",
        description="Takes OpenTelemetry (OTLP) of agents over HTTP and gRPC, and what other machines push; keeps the\n"
        "counters of it, never what was said; answers over HTTP. What it acknowledges is on the disk.",
        examples=_EXAMPLES,
    )
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen (else 127.0.0.1)")
    parser.add_argument("--port", metavar="N", type=port, default=_HTTP_PORT, help="for HTTP (4318; 0: any)")
    parser.add_argument(
        "--grpc-port", metavar="N", type=_port_or_none, default=_GRPC_PORT, help="for gRPC (4317; or none)"
    )
    parser.add_argument("--certificate", metavar="FILE", type=Path, help="for TLS: the certificate, and those above it")
    parser.add_argument("--key", metavar="FILE", type=Path, help="for TLS: its key")
    parser.add_argument("--pseudonymise", action="store_true", help="keep users by names that tell nothing of them")
    add_home(parser)
    return parser


def _port_or_none(text: str) -> int | None:
    return None if text == "none" else port(text)


def _check_credentials(options: Namespace, keys: Keys, *, loopback: bool) -> None:
    if bool(options.certificate) != bool(options.key):
        raise TachographError("a certificate needs its key, and a key its certificate", mend="give both")
    if not loopback and keys.is_empty():
        raise TachographError(
            "without keys it listens to this machine alone",
            where=f"--host {options.host}",
            mend="make one for those who send: 'tachograph keys create --scope write'",
        )


def _serve(options: Namespace, place: StorePlace, keys: Keys, *, loopback: bool) -> int:
    from tachograph.collector import address
    from tachograph.server.access import Access
    from tachograph.server.listening import Listening, run

    listening = Listening(options.host, options.port, options.grpc_port, options.certificate, options.key)
    home = place.path.parent
    user_name = _user_name(home) if options.pseudonymise else None

    def ready(scheme: str, port: int, grpc_port: int | None) -> None:
        also = f", gRPC on {grpc_port}" if grpc_port is not None else ""
        address.tell(home, f"{scheme}://{reachable(options.host)}:{port}")
        tell(f"listening on {scheme}://{options.host}:{port}{also}; kept in {place if place.address else home}")
        if not loopback and scheme == "http":
            tell("without --certificate, keys and counters cross the network in the clear")

    with collecting(place, user_name) as collector:
        run(listening, collector, Access(keys, is_loopback=loopback), user_name, ready)
    return 0


def _user_name(home: Path) -> Callable[[str], str]:
    from tachograph.collector.pseudonyms import Pseudonyms

    return Pseudonyms(home).of
