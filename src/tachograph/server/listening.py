"""One process that listens: HTTP and gRPC in one event loop, until it is told to end."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import grpc
import msgspec
import uvicorn

from tachograph.errors import TachographError
from tachograph.server.app import http_app
from tachograph.server.figures import Figures
from tachograph.server.otlp_grpc import grpc_server
from tachograph.server.receiving import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tachograph.collector.collector import Collector
    from tachograph.server.access import Access

_GRACE_SECONDS: Final = 10
_BACKLOG: Final = 512


class Listening(msgspec.Struct, frozen=True):
    """Where to listen (a port of 0: any that is free; gRPC's None: not), and with which certificate and key."""

    host: str
    port: int
    grpc_port: int | None
    certificate: Path | None = None
    key: Path | None = None


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run(
    listening: Listening,
    collector: Collector,
    access: Access,
    user_name: Callable[[str], str] | None,
    ready: Callable[[str, int, int | None], None],
) -> None:
    """Serves until the process is told to end; `ready` is called with the scheme and the ports once it listens.

    Raises `TachographError` where it can't listen there, or the certificate can't be used.
    """
    figures = Figures(collector)
    receiver = Receiver(collector, user_name, figures)
    sock = _listening_socket(listening.host, listening.port)
    config = uvicorn.Config(
        http_app(collector, receiver, access, figures),
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        ssl_certfile=listening.certificate,
        ssl_keyfile=listening.key,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_keep_alive=75,
        limit_concurrency=1000,
    )
    with sock, _telling_of_certificates(listening):
        config.load()
        asyncio.run(_serve(config, sock, listening, receiver, access, ready))


class _Server(uvicorn.Server):
    """One that ends when it is told to, and then leaves the process to us: there is something to bring to its end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none: the class would raise them again when it has ended."""
        yield

    def end_with_signals(self) -> None:
        """Ends when what is under way has been answered, with a second signal at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self.handle_exit, number, None)
            except NotImplementedError:  # Windows
                signal.signal(number, self.handle_exit)


async def _serve(
    config: uvicorn.Config,
    sock: socket.socket,
    listening: Listening,
    receiver: Receiver,
    access: Access,
    ready: Callable[[str, int, int | None], None],
) -> None:
    services, grpc_port = None, None
    if listening.grpc_port is not None:
        services = grpc_server(receiver, access)
        grpc_port = _open_port(services, listening)
        await services.start()
    server = _Server(config)
    server.end_with_signals()
    ready("https" if listening.certificate else "http", sock.getsockname()[1], grpc_port)
    try:
        await server.serve([sock])
    finally:
        if services:
            await services.stop(_GRACE_SECONDS)


def _open_port(services: grpc.aio.Server, listening: Listening) -> int:
    host = f"[{listening.host}]" if ":" in listening.host else listening.host
    address = f"{host}:{listening.grpc_port}"
    try:
        if listening.certificate and listening.key:
            pair = listening.key.read_bytes(), listening.certificate.read_bytes()
            return services.add_secure_port(address, grpc.ssl_server_credentials([pair]))
        return services.add_insecure_port(address)
    except RuntimeError:
        mend = "end what listens there, or choose another with --grpc-port (0: any; none: without gRPC)"
        raise TachographError("it can't listen there", where=address, mend=mend) from None


def _listening_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except OSError as error:
        sock.close()
        mend = "end what listens there, or choose another with --port (0: any)"
        raise TachographError(
            f"it can't listen there: {error.strerror or error}", where=f"{host}:{port}", mend=mend
        ) from None
    return sock


@contextmanager
def _telling_of_certificates(listening: Listening) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        if listening.certificate is None:
            raise
        raise TachographError(
            f"the certificate or its key can't be used: {error}",
            where=str(listening.certificate),
            mend="give both as PEM files, the key without a password",
        ) from None
