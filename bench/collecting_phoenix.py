"""Arize Phoenix as a server that takes spans, from PyPI, in an environment of its own in bench/.cache."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Final

from timing import PASSED_ON

_VERSION: Final = "20.26.1"
_FOLDER: Final = Path(__file__).parent / ".cache" / f"phoenix-{_VERSION}"
_STARTING_SECONDS: Final = 120


class Phoenix:
    """`phoenix serve` with its usual store, a SQLite file in a home of its own."""

    name = f"arize-phoenix {_VERSION}"

    def __init__(self, home: Path) -> None:
        self.home = home
        if not _FOLDER.exists():
            subprocess.run(["uv", "venv", "--quiet", str(_FOLDER)], check=True)  # noqa: S607 - wherever uv is
            python = _FOLDER / "bin" / "python"
            command = ["uv", "pip", "install", "--quiet", "--python", str(python), f"arize-phoenix=={_VERSION}"]
            subprocess.run(command, check=True)

    def start(self) -> int:
        """Its port, once it listens."""
        port, grpc_port = _free_port(), _free_port()
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "HOME": str(self.home), "PHOENIX_WORKING_DIR": str(self.home), "PHOENIX_HOST": "127.0.0.1",
            "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(grpc_port), "PHOENIX_TELEMETRY_ENABLED": "false",
        }  # fmt: skip
        with (self.home / "phoenix.log").open("ab") as log:
            command = [str(_FOLDER / "bin" / "phoenix"), "serve"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + _STARTING_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    return port
            time.sleep(0.1)
        raise SystemExit(f"phoenix didn't start: {self.home / 'phoenix.log'}")

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait()

    def counted(self) -> tuple[int, int]:
        """How many spans there are, and how many different ids, once it has started again."""
        self.start()
        self.process.terminate()
        self.process.wait()
        with sqlite3.connect(self.home / "phoenix.db") as database:
            row = database.execute("SELECT count(*), count(DISTINCT span_id) FROM spans").fetchone()
        return row[0], row[1]


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
