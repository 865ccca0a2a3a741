"""A `tachograph serve` of our own, as a process on ports that are free."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60
LISTENING = re.compile(r"listening on (https?)://(\S+):(\d+)(?:, gRPC on (\d+))?")


class Served:
    """The process, from its first line on."""

    def __init__(self, home: Path, *options: str, port: int = 0, grpc_port: int = 0) -> None:
        command = [
            sys.executable, "-m", "tachograph", "serve", "--home", str(home),
            "--port", str(port), "--grpc-port", str(grpc_port), *options,
        ]  # fmt: skip
        environment = os.environ | {"HOME": str(home), "TZ": "UTC"}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.home = home
        self.said: list[str] = []
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line)
            if found := LISTENING.search(line):
                self.scheme, self.host = found[1], found[2]
                self.port, self.grpc_port = int(found[3]), int(found[4] or 0)
                return
        raise AssertionError("".join(self.said))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=_SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, path: str, **headers: str) -> Any:
        status, _, body = self.ask("GET", path, headers=headers)
        assert status == http.client.OK, body
        return msgspec.json.decode(body)

    def wait_until_stored(self) -> None:
        """Until all that was acknowledged is in the store."""
        until(lambda: self.json("/api/v1/collector")["unread_bytes"] == 0)

    def end(self) -> int:
        """Tells it to end, and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        _, rest = self.process.communicate(timeout=_SECONDS)
        self.said += rest.splitlines(keepends=True)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=_SECONDS)


def until(holds: Any) -> None:
    """Looks again and again until that holds."""
    deadline = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)
