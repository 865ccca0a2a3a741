"""A ClickHouse of our own, asked over HTTP: its engine behind `clickhouse_server.py`, in a process and a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from tachograph.store.clickhouse.store import ClickHouseStore

_PROGRAM: Final = Path(__file__).with_name("clickhouse_server.py")


class ClickHouse:
    """The process. It keeps its port when it is started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        command = [sys.executable, str(_PROGRAM), str(self.folder / "clickhouse"), "ana", "se:cret", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline().split()[-1])

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def address(self, database: str, *, scheme: str = "clickhouse") -> str:
        return f"{scheme}://ana:se%3Acret@127.0.0.1:{self.port}/{database}"

    def store(self, database: str, home: Path | None = None) -> ClickHouseStore:
        """The store in a database, as whoever has that home."""
        path = (home or self.folder / "home") / "tachograph.duckdb"
        return StorePlace(path, self.address(database)).open()  # type: ignore[return-value]
