"""Killed at any moment, a server keeps all that it acknowledged, and each of it once."""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from served import Served, until
from tachograph.store.duckdb import Store
from there import address_for

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = int(os.environ.get("TACHOGRAPH_KILL_ROUNDS", "3"))
CLIENTS = 4
_CLOSED = (OSError, http.client.HTTPException)


class Client(threading.Thread):
    """Sends batches of events, each again and again until it is acknowledged, and some of those once more."""

    def __init__(self, number: int, served: list[Served], stop: threading.Event) -> None:
        super().__init__()
        self.number = number
        self.served = served
        self.stop = stop
        self.acknowledged = 0
        self.batches = 0
        self.random = random.Random(number)

    def run(self) -> None:
        while not self.stop.is_set():
            size = self.random.choice((1, 7, 50))
            first = self.acknowledged
            body = batch(self.number, first, size)
            if not self._send(body):
                return
            self.acknowledged += size
            self.batches += 1
            if self.random.random() < 0.1:
                self._send(body)

    def _send(self, body: bytes) -> bool:
        """Until it is acknowledged; False where the whole test ends before that."""
        while True:
            try:
                status, _, _ = self.served[0].ask("POST", "/v1/logs", body, {"content-type": "application/x-protobuf"})
            except _CLOSED:
                status = 0
            if status == http.client.OK:
                return True
            assert status in {0, 429, 503}
            if self.stop.is_set():
                return False
            time.sleep(0.002)


def batch(client: int, first: int, size: int) -> bytes:
    """So many `claude_code.api_request` events, numbered."""
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    attribute = resource.resource.attributes.add()
    attribute.key, attribute.value.string_value = "service.name", "claude-code"
    scope = resource.scope_logs.add()
    for number in range(first, first + size):
        record = scope.log_records.add(time_unix_nano=1_767_225_600_000_000_000 + number * 1_000_000)
        record.body.string_value = "claude_code.api_request"
        told: dict[str, int | str] = {
            "event.name": "api_request", "session.id": f"client-{client}", "model": "claude-opus-4-5",
            "request_id": f"req_{client}_{number}", "input_tokens": 1, "output_tokens": number,
        }  # fmt: skip
        for key, value in told.items():
            attribute = record.attributes.add()
            attribute.key = key
            if isinstance(value, int):
                attribute.value.int_value = value
            else:
                attribute.value.string_value = value
    return request.SerializeToString()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals")
@pytest.mark.parametrize("kept", ["embedded", "on ClickHouse"])
def test_everything_acknowledged_is_there_once_after_the_server_was_killed_again_and_again(
    tmp_path: Path, kept: str
) -> None:
    options = [] if kept == "embedded" else ["--store", address_for(tmp_path)]
    served = [Served(tmp_path, *options)]
    port = served[0].port
    stop = threading.Event()
    clients = [Client(number, served, stop) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    pause = random.Random(1)
    try:
        for _ in range(ROUNDS):
            reached = sum(client.batches for client in clients) + pause.randint(1, 120)
            until(lambda reached=reached: sum(client.batches for client in clients) >= reached)
            served[0].kill()
            served[0] = Served(tmp_path, *options, port=port)
        reached = sum(client.batches for client in clients) + 10
        until(lambda: sum(client.batches for client in clients) >= reached)
    finally:
        stop.set()
        for client in clients:
            client.join()
        served[0].wait_until_stored()
        told = served[0].json("/api/v1/aggregations/sessions?order=session_id")
        assert served[0].end() == 0
    for client, session in zip(clients, told["time_series"], strict=True):
        assert session["session_id"] == f"client-{client.number}"
        # One batch may have been kept without its sender being told, when the test ended.
        rows = session["metrics_count"]
        assert client.acknowledged <= rows <= client.acknowledged + 50
        assert session["output_tokens"] == rows * (rows - 1) // 2
    if kept == "embedded":
        with Store.open(tmp_path / "tachograph.duckdb", read_only=True) as store:
            for row in store.connection.execute("""
                SELECT count(*), count(DISTINCT id), count(DISTINCT output_tokens)
                FROM metrics WHERE ts IS NOT NULL GROUP BY session_id
            """).fetchall():
                assert len(set(row)) == 1
