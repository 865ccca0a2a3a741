"""Every way in, and the server's own state: who may use it, whose store it is, and what is refused."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse

from tachograph.collector.collector import Collector
from tachograph.collector.keys import SCOPES, Keys, Scope
from tachograph.collector.wire import FRAMES
from tachograph.columns import ColumnBuilder, add_dicts
from tachograph.server.access import Access
from tachograph.server.app import http_app
from tachograph.server.figures import Figures
from tachograph.server.receiving import Receiver
from tachograph.store.journal import Rows, framed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
LINES = "application/x-ndjson"
A_METRIC = b'{"id":"m1","timestamp":"2026-03-01T09:00:00Z","type":"tool_use","data":{"tool_name":"Bash"}}\n'
WAYS: tuple[tuple[str, str, Scope, str, bytes], ...] = (
    ("POST", "/v1/logs", "write", PROTOBUF, b""),
    ("POST", "/v1/metrics", "write", JSON, b"{}"),
    ("POST", "/v1/traces", "write", PROTOBUF, b""),
    ("POST", "/api/v1/records", "write", LINES, A_METRIC),
    ("POST", "/api/v1/records", "write", FRAMES, b""),
    ("GET", "/api/v1/collector", "admin", "", b""),
    ("GET", "/metrics", "admin", "", b""),
)
OPEN = ("/healthz", "/readyz", "/openapi.json")


class Server:
    """All of the server's HTTP, in this process."""

    def __init__(self, home: Path, user_name: Callable[[str], str] | None = None) -> None:
        self.collector = Collector(home, user_name=user_name)
        self.keys = Keys(home)
        figures = Figures(self.collector)
        receiver = Receiver(self.collector, user_name, figures)
        self.app = http_app(self.collector, receiver, Access(self.keys, is_loopback=True), figures)

    def ask(
        self, method: str, path: str, content: bytes = b"", kind: str = "", key: str | None = None, **headers: str
    ) -> httpx.Response:
        given = {"content-type": kind} if kind else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        given |= {"authorization": f"Bearer {key}"} if key else {}
        return asyncio.run(self._ask(method, path, content, given))

    async def _ask(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(cast("Any", self.app))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, content=content, headers=headers)

    def key(self, *scopes: Scope, tenant: str = "default") -> str:
        return self.keys.create(tenant, scopes, "", 0)[1]

    def count(self, tenant: str) -> int:
        collected = self.collector.of(tenant)
        while collected.is_behind():
            collected.tenant.shared.fill(collected.fill)
        with collected.tenant.asked() as store:
            return store.metrics_count()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.collector.close()


def logs(name: str = "claude_code.api_request", **attributes: str) -> bytes:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=1_767_225_600_000_000_000)
    record.body.string_value = name
    for key, value in {"event.name": name.partition(".")[2], **attributes}.items():
        attribute = record.attributes.add(key=key.replace("__", "."))
        attribute.value.string_value = value
    return request.SerializeToString()


SETS = [scopes for size in range(1, 4) for scopes in combinations(SCOPES, size)]


@pytest.mark.parametrize("scopes", SETS)
def test_a_key_opens_the_ways_that_its_scopes_say(server: Server, scopes: tuple[Scope, ...]) -> None:
    key = server.key(*scopes)
    for method, path, needed, kind, body in WAYS:
        answer = server.ask(method, path, body, kind, key)
        assert answer.status_code == (200 if needed in scopes else 403), (path, answer.text)


def test_without_a_key_no_way_is_open_once_there_is_one(server: Server) -> None:
    good = server.key(*SCOPES)
    revoked = server.key(*SCOPES)
    server.keys.revoke(revoked.split("_")[1], 1)
    for method, path, _, kind, body in WAYS:
        for key in (None, revoked, good[:-1]):
            answer = server.ask(method, path, body, kind, key)
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
    assert server.count("default") == 0


def test_without_keys_another_name_or_page_is_refused(server: Server) -> None:
    for method, path, _, kind, body in WAYS:
        assert server.ask(method, path, body, kind).status_code == 200, path
        assert server.ask(method, path, body, kind, host="evil.example").status_code == 403, path
        assert server.ask(method, path, body, kind, origin="https://evil.example").status_code == 403, path


def test_what_is_sent_goes_to_the_keys_own_tenant(server: Server) -> None:
    ours, theirs = server.key("write", tenant="ours"), server.key("write", "admin", tenant="theirs")
    sent = logs(request_id="req_1", session__id="s1")
    assert server.ask("POST", "/v1/logs", sent, PROTOBUF, ours).status_code == 200
    assert server.ask("POST", "/api/v1/records", A_METRIC, LINES, theirs).status_code == 200
    assert server.ask("POST", "/v1/logs", logs("claude_code.never_heard_of"), PROTOBUF, ours).status_code == 200
    assert (server.count("ours"), server.count("theirs"), server.count("default")) == (1, 1, 0)
    assert server.ask("GET", "/api/v1/collector", key=theirs).json() == {
        "tenant": "theirs", "unread_bytes": 0, "unmapped": {}, "damages": [],
    }  # fmt: skip


def test_what_is_open_to_all_tells_nothing_of_anybody(server: Server) -> None:
    server.key("read")
    for path in OPEN:
        assert server.ask("GET", path).status_code == 200


def test_what_is_no_metric_is_counted_by_its_name(server: Server) -> None:
    for _ in range(2):
        assert server.ask("POST", "/v1/logs", logs("claude_code.never_heard_of"), PROTOBUF).status_code == 200
    (counted,) = server.ask("GET", "/api/v1/collector").json()["unmapped"].items()
    assert counted[0].endswith("never_heard_of")
    assert counted[1] == 2


def test_what_can_not_be_read_of_a_request_is_told_as_a_partial_success(server: Server) -> None:
    answer = server.ask("POST", "/v1/logs", logs(request_id="req_1", input_tokens="many"), PROTOBUF)
    assert answer.status_code == 200
    told = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert told.rejected_log_records == 1
    assert "input_tokens" in told.error_message
    assert server.count("default") == 0


ODD: tuple[tuple[str, bytes, dict[str, str], int], ...] = (
    ("no content type", logs(), {}, 415),
    ("another content type", logs(), {"kind": "text/plain"}, 415),
    ("no protobuf", b"\xff\xff\xff", {"kind": PROTOBUF}, 400),
    ("no JSON", b"{", {"kind": JSON}, 400),
    ("another encoding", logs(), {"kind": PROTOBUF, "content_encoding": "br"}, 415),
    ("no gzip", logs(), {"kind": PROTOBUF, "content_encoding": "gzip"}, 400),
    ("half a gzip", gzip.compress(logs())[:-9], {"kind": PROTOBUF, "content_encoding": "gzip"}, 400),
    ("no zstd", logs(), {"kind": PROTOBUF, "content_encoding": "zstd"}, 400),
    ("deflate for gzip", zlib.compress(logs()), {"kind": PROTOBUF, "content_encoding": "gzip"}, 400),
    ("many pieces of gzip", gzip.compress(b"") * 40, {"kind": PROTOBUF, "content_encoding": "gzip"}, 400),
    ("a bomb", gzip.compress(bytes(80_000_000)), {"kind": PROTOBUF, "content_encoding": "gzip"}, 413),
    ("too much", bytes(17 * 2**20), {"kind": PROTOBUF}, 413),
)


@pytest.mark.parametrize(("content", "given", "status"), [odd[1:] for odd in ODD], ids=[odd[0] for odd in ODD])
def test_what_can_not_be_taken_is_refused_and_said(
    server: Server, content: bytes, given: dict[str, str], status: int
) -> None:
    for path in ("/v1/logs", "/api/v1/records"):
        answer = server.ask("POST", path, content, **cast("Any", given))
        assert answer.status_code == status or (path != "/v1/logs" and answer.status_code == 415)
        assert answer.content
    assert server.count("default") == 0


def test_gzip_and_zstd_are_taken(server: Server) -> None:
    zstd = pytest.importorskip("backports.zstd")  # from Python 3.14 on it is elsewhere
    sent = logs(request_id="req_1", session__id="s1")
    for encoding, body in (("gzip", gzip.compress(sent)), ("zstd", zstd.compress(sent)), ("identity", sent)):
        answer = server.ask("POST", "/v1/logs", body, PROTOBUF, content_encoding=encoding)
        assert answer.status_code == 200
    assert server.count("default") == 1


def test_lines_that_are_no_metrics_are_told_with_their_numbers(server: Server) -> None:
    answer = server.ask("POST", "/api/v1/records", A_METRIC + b"{}\n" + A_METRIC.replace(b"m1", b"m2"), LINES)
    assert answer.json()["metrics"] == 2
    assert [reject["line"] for reject in answer.json()["rejects"]] == [2]
    assert server.count("default") == 2


def test_other_methods_and_addresses_are_refused(server: Server) -> None:
    assert server.ask("GET", "/v1/logs").status_code == 405
    assert server.ask("POST", "/metrics").status_code == 405
    assert server.ask("GET", "/v2/logs").status_code == 404
    for path in (*OPEN, "/metrics", "/v1/logs", "/nothing"):
        assert server.ask("GET", path).headers["x-content-type-options"] == "nosniff"


def test_users_are_kept_by_other_names_whichever_way_they_come(tmp_path: Path) -> None:
    server = Server(tmp_path, lambda user: f"user-{len(user)}")
    line = A_METRIC.replace(b'"data"', b'"user_id":"ana@example.com","data"')
    builder = ColumnBuilder()
    add_dicts(
        builder,
        [
            {"id": "m2", "ts": 1, "type": "tool_use", "user_id": "ben@example.org!"},
            {"id": "m3", "ts": 1, "type": "tool_use"},
        ],
    )
    batch = builder.batch()
    frame = framed(Rows("codex", True, "carla@example.com", batch.length, batch.columns))
    sent = logs(request_id="req_1", session__id="s1", user__email="dora@example.com")
    for path, body, kind in (
        ("/api/v1/records", line, LINES),
        ("/api/v1/records", frame, FRAMES),
        ("/v1/logs", sent, PROTOBUF),
    ):
        assert server.ask("POST", path, body, kind).status_code == 200
    assert server.count("default") == 4
    with server.collector.tenants.get("default").asked() as store:
        users = store.connection.execute("SELECT DISTINCT user_id FROM metrics ORDER BY 1").fetchall()
    assert users == [("user-15",), ("user-16",), ("user-17",)]
    server.collector.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"example" not in kept
