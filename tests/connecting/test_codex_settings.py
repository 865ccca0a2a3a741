"""Four lines of ours in Codex's `config.toml`, and nothing else is changed there."""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tachograph.connecting.codex_settings import CodexSettings
from tachograph.connecting.destination import Destination
from tachograph.errors import TachographError
from tachograph.hooks.agent_file import NotSettings

if TYPE_CHECKING:
    from tachograph.connecting.settings import Undone

KEY = "tg_5d116e7e_" + "0b" * 32
HERE = Destination("http://127.0.0.1:4318")
WITH_KEY = Destination("https://tachograph.example.com/team", key=KEY)
GRPC = Destination("http://127.0.0.1:4317", is_grpc=True, key=KEY)
WANTED = {
    HERE: {"otlp-http": {"endpoint": "http://127.0.0.1:4318/v1/logs", "protocol": "binary"}},
    WITH_KEY: {
        "otlp-http": {
            "endpoint": "https://tachograph.example.com/team/v1/logs",
            "protocol": "binary",
            "headers": {"Authorization": f"Bearer {KEY}"},
        }
    },
    GRPC: {"otlp-grpc": {"endpoint": "http://127.0.0.1:4317", "headers": {"Authorization": f"Bearer {KEY}"}}},
}
LINES = (
    'model = "gpt-5"',
    "# a comment",
    "",
    "  ",
    'notify = ["a", # why\n  "b"]',
    'text = """\n[otel]\nexporter = "none"\n"""',
    "literal = '''\\ \"'''",
    "[tui]",
    'theme = "dark"  # mine',
    '[projects."/home/ana/é"]\ntrust_level = "trusted"',
    "[[mcp]]\nname = 'x'",
    "[mcp_servers.files.env]\nA = '1'",
    "[empty]",
    "# otel",
)
configs = st.builds(
    lambda lines, newline, end: newline.join("\n".join([*lines, end]).split("\n")),
    st.lists(st.sampled_from(LINES), unique=True),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "# the end", "\n\n", "\t"]),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".codex" / "config.toml"


def says(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_bytes().decode().removeprefix("\ufeff"))


def disconnect(path: Path) -> Undone:
    return CodexSettings(path, HERE).disconnect()


@settings(max_examples=200, deadline=None)
@given(configs, st.sampled_from(["", "\ufeff"]))
@example("", "")
@example('model = "gpt-5"', "")
@example('model = "gpt-5"\n\n', "")
def test_what_is_put_in_and_taken_out_again_leaves_the_file_as_it_was(text: str, bom: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes((bom + text).encode())
        before = says(path)
        for to, exporter in WANTED.items():
            assert CodexSettings(path, to).connect()
            assert says(path) == before | {"otel": {"log_user_prompt": False, "exporter": exporter}}
            assert path.read_bytes().decode().startswith(bom + text)
            assert not CodexSettings(path, to).connect()
        assert disconnect(path) == (True, [])
        assert path.read_bytes() == (bom + text).encode()
        assert disconnect(path) == (False, [])
        assert [each.name for each in path.parent.iterdir()] == ["config.toml"]


@settings(max_examples=100, deadline=None)
@given(configs, st.sampled_from(['[projects."/new"]\ntrust_level = "trusted"\n', "# a last word\n", "\n"]))
def test_what_codex_adds_after_it_stays_when_it_goes(text: str, added: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_text(text)
        CodexSettings(path, WITH_KEY).connect()
        path.write_bytes(path.read_bytes() + added.encode())
        expected = {name: value for name, value in says(path).items() if name != "otel"}
        assert CodexSettings(path, GRPC).connect()
        assert disconnect(path) == (True, [])
        assert says(path) == expected
        assert KEY not in path.read_text()
        left = path.read_bytes().decode()
        assert left.startswith(text)
        assert left.endswith(added)


def test_a_file_that_was_not_there_is_made_for_its_owner_alone_and_goes_again(path: Path) -> None:
    assert CodexSettings(path, WITH_KEY).connect()
    assert path.stat().st_mode & 0o777 == 0o600
    assert disconnect(path) == (True, [])
    assert list(path.parent.iterdir()) == []


def test_the_lines_are_shown_as_they_are_put_in_but_for_the_key(path: Path) -> None:
    shown = CodexSettings(path, WITH_KEY).text("<the key>")
    assert not path.exists()
    CodexSettings(path, WITH_KEY).connect()
    assert path.read_text() == shown.replace("<the key>", KEY) + "\n"
    assert KEY not in shown


@pytest.mark.parametrize(
    "text",
    [
        "[otel]\n",
        '[otel]\nexporter = "none"\n',
        'otel.environment = "dev"\n',
        "otel = { log_user_prompt = true }\n",
        '[otel.exporter.otlp-http]\nendpoint = "x"\nprotocol = "json"\n',
    ],
)
def test_a_table_of_others_is_refused_and_stays(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(TachographError, match=r"has \[otel\] already"):
        CodexSettings(path, HERE).connect()
    assert disconnect(path) == (False, [])
    assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("added", ['environment = "prod"\n', '[otel.span_attributes]\nteam = "a"\n'])
def test_a_table_to_which_somebody_added_is_left_alone(path: Path, added: str) -> None:
    CodexSettings(path, HERE).connect()
    path.write_text(path.read_text() + added)
    before = path.read_text()
    for does in (CodexSettings(path, GRPC).connect, CodexSettings(path, HERE).disconnect):
        with pytest.raises(TachographError, match="isn't as connect put it there"):
            does()
    assert path.read_text() == before


def test_a_text_that_only_looks_like_our_lines_is_not_taken_for_them(path: Path) -> None:
    CodexSettings(path, HERE).connect()
    text = f'note = """\n{path.read_text()}"""\n'
    path.write_text(text)
    for does in (CodexSettings(path, HERE).connect, CodexSettings(path, HERE).disconnect):
        with pytest.raises(TachographError, match="isn't as connect put it there"):
            does()
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"model = ", "isn't TOML"),
        (b"a = 1\na = 2\n", "isn't TOML"),
        (b"a = '\xff'", "isn't UTF-8"),
        (b"a = " + b"[" * 100_000, "isn't TOML"),
    ],
)
def test_what_is_not_toml_is_refused_and_stays(path: Path, content: bytes, why: str) -> None:
    CodexSettings(path, HERE).connect()
    content = path.read_bytes() + content
    path.write_bytes(content)
    for does in (CodexSettings(path, HERE).connect, CodexSettings(path, HERE).disconnect):
        with pytest.raises(NotSettings, match=why):
            does()
    assert path.read_bytes() == content
