"""Where to send, and the key: what can't be one is refused, and a secret is never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.util.re import parse_env_headers

from tachograph.collector.keys import Keys
from tachograph.connecting.agents import AGENTS
from tachograph.connecting.destination import Destination, destination, key_in_environment, key_in_file
from tachograph.errors import TachographError
from tachograph.server.access import Access

if TYPE_CHECKING:
    from pathlib import Path

KEY = "tg_5d116e7e_" + "0b" * 32


def test_the_usual_server_is_this_machines() -> None:
    http, grpc = (destination(None, is_grpc=is_grpc, key=None) for is_grpc in (False, True))
    assert [http.of(signal) for signal in ("logs", "metrics")] == [
        "http://127.0.0.1:4318/v1/logs", "http://127.0.0.1:4318/v1/metrics",
    ]  # fmt: skip
    assert grpc.of("logs") == "http://127.0.0.1:4317"


@pytest.mark.parametrize(
    ("url", "logs", "is_open"),
    [
        ("http://localhost:4318/", "http://localhost:4318/v1/logs", False),
        ("http://[::1]:4318", "http://[::1]:4318/v1/logs", False),
        ("https://example.com", "https://example.com/v1/logs", False),
        ("https://example.com:8443/team/tachograph/", "https://example.com:8443/team/tachograph/v1/logs", False),
        ("http://example.com:4318", "http://example.com:4318/v1/logs", True),
        ("HTTP://192.168.1.7:4318", "HTTP://192.168.1.7:4318/v1/logs", True),
    ],
)
def test_a_servers_url_becomes_the_address_of_its_logs(url: str, logs: str, is_open: bool) -> None:
    to = destination(url, is_grpc=False, key=None)
    assert (to.of("logs"), to.is_open) == (logs, is_open)


@pytest.mark.parametrize(
    ("url", "is_grpc", "why"),
    [
        ("", False, "isn't a server's URL"),
        ("localhost:4318", False, "isn't a server's URL"),
        ("ftp://localhost", False, "isn't a server's URL"),
        ("http://", False, "isn't a server's URL"),
        ("http://user:word@localhost", False, "isn't a server's URL"),
        ("http://localhost:99999", False, "isn't a server's URL"),
        ("http://localhost:0", False, "isn't a server's URL"),
        ("http://localhost?a=b", False, "isn't a server's URL"),
        ("http://localhost/a b", False, "isn't a server's URL"),
        ('http://localhost/"', False, "isn't a server's URL"),
        ("http://localhost\n", False, "isn't a server's URL"),
        ("http://localhost:4318/v1/logs", False, "is the address of one signal"),
        ("http://localhost:4317/team", True, "has a path, and gRPC knows none"),
    ],
)
def test_what_is_no_servers_url_is_refused(url: str, is_grpc: bool, why: str) -> None:
    with pytest.raises(TachographError, match=why):
        destination(url, is_grpc=is_grpc, key=None)


def test_a_key_is_read_from_a_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\r\n")
    assert key_in_file(str(tmp_path / "key")) == KEY
    assert key_in_environment({"CI_KEY": KEY}, "CI_KEY") == KEY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40) | st.sampled_from([b"", KEY.encode() * 2, f"{KEY} {KEY}".encode(), b"\xff"]))
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(TachographError) as refused:
        key_in_file(str(tmp_path / "key"))
    assert str(refused.value).startswith(f"{tmp_path / 'key'}: that isn't a key of Tachograph's")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("name", ["NONE", "", "A; true", "A B"])
def test_an_environment_variable_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(TachographError, match="there is no environment variable"):
        key_in_environment({"A; true": KEY}, name)


def test_the_header_that_claude_code_is_given_lets_it_in(tmp_path: Path) -> None:
    _, key = Keys(tmp_path).create("acme", ["write"], "", 0)
    settings = AGENTS["claude-code"].settings({}, tmp_path, Destination("http://127.0.0.1:4318", key=key))
    settings.connect()
    header = settings.path.read_text().split('"OTEL_EXPORTER_OTLP_HEADERS": "')[1].split('"')[0]
    sent = parse_env_headers(header, liberal=True)
    assert Access(Keys(tmp_path), is_loopback=True).check(sent["authorization"], None, "write").tenant == "acme"
