"""`tachograph serve`: collects what agents export, and answers over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.cli.home import store_place
from tachograph.cli.options import Parser, add_home
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
    _need_libraries()
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
    parser.add_argument("--port", metavar="N", type=_port, default=_HTTP_PORT, help="for HTTP (4318; 0: any)")
    parser.add_argument(
        "--grpc-port", metavar="N", type=_port_or_none, default=_GRPC_PORT, help="for gRPC (4317; or none)"
    )
    parser.add_argument("--certificate", metavar="FILE", type=Path, help="for TLS: the certificate, and those above it")
    parser.add_argument("--key", metavar="FILE", type=Path, help="for TLS: its key")
    parser.add_argument("--pseudonymise", action="store_true", help="keep users by names that tell nothing of them")
    add_home(parser)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError
    return port


def _port_or_none(text: str) -> int | None:
    return None if text == "none" else _port(text)


def _need_libraries() -> None:
    try:
        import grpc  # noqa: F401
        import opentelemetry.proto  # noqa: F401
        import prometheus_client  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise TachographError(
            f"the server needs more than is installed: {error.name}", mend="pip install 'tachograph[serve]'"
        ) from None


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
    from tachograph.collector.collector import Collector
    from tachograph.server.access import Access
    from tachograph.server.listening import Listening, run

    listening = Listening(options.host, options.port, options.grpc_port, options.certificate, options.key)
    home = place.path.parent
    user_name = _user_name(home) if options.pseudonymise else None
    try:
        collector = Collector(home, store=place.text, user_name=user_name, told=_tell)
    except OSError as error:
        raise TachographError(
            f"nothing can be kept there: {error.strerror}", where=str(error.filename or home), mend="choose --home"
        ) from None

    def ready(scheme: str, port: int, grpc_port: int | None) -> None:
        also = f", gRPC on {grpc_port}" if grpc_port is not None else ""
        _tell(f"listening on {scheme}://{options.host}:{port}{also}; kept in {place if place.address else home}")
        if not loopback and scheme == "http":
            _tell("without --certificate, keys and counters cross the network in the clear")

    try:
        run(listening, collector, Access(keys, is_loopback=loopback), user_name, ready)
    finally:
        collector.close()
    return 0


def _user_name(home: Path) -> Callable[[str], str]:
    from tachograph.collector.pseudonyms import Pseudonyms

    return Pseudonyms(home).of


def _tell(what: str) -> None:
    if sys.stderr is not None:
        print(f"tachograph: {what}", file=sys.stderr, flush=True)
