"""The server over HTTP (the protocol's streamable transport), to programs of this machine alone.

A web page in somebody's browser is a program of this machine too: a request has to be addressed to a name of loopback,
and may come from no other site's page. The SDK refuses the others.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp.server.mcpserver import MCPServer

_PATH: Final = "/mcp"
_NAMES: Final = ("127.0.0.1", "localhost")


def serve(server: MCPServer, host: str, port: int, told: Callable[[str], None]) -> None:
    """Serves until the process is told to end. Raises `TachographError` where it can't listen there."""
    try:
        listening = socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TachographError(f"it can't listen: {reason}", where=f"{host}:{port}", mend="choose --port") from None
    bound = listening.getsockname()[1]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[f"{name}:{bound}" for name in _NAMES],
        allowed_origins=[f"http://{name}:{bound}" for name in _NAMES],
    )
    application = server.streamable_http_app(
        streamable_http_path=_PATH, json_response=True, stateless_http=True, transport_security=security
    )
    told(f"listening on http://{host}:{bound}{_PATH}")
    with listening:
        uvicorn.Server(uvicorn.Config(application, log_level="warning")).run(sockets=[listening])
