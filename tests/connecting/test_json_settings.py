"""What is put into JSON settings goes again, and all else stays, to the byte."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from json_values import json_values
from tachograph.connecting.agents import AGENTS
from tachograph.connecting.destination import Destination
from tachograph.errors import TachographError
from tachograph.hooks.agent_file import NotSettings
from tachograph.hooks.command import HookCommand
from tachograph.hooks.events import EVENTS
from tachograph.hooks.settings import SettingsFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tachograph.connecting.settings import Undone

KEY = "tg_5d116e7e_" + "0b" * 32
HERE = Destination("http://127.0.0.1:4318")
WITH_KEY = Destination("https://tachograph.example.com/team", key=KEY)
GRPC = Destination("http://127.0.0.1:4317", is_grpc=True)
SECTIONS = {"claude-code": "env", "gemini": "telemetry"}
WANTED: dict[str, dict[str, Any]] = {
    "claude-code": {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    },
    "gemini": {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": "http://127.0.0.1:4318",
        "otlpProtocol": "http",
        "logPrompts": False,
    },
}


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An agent, and settings of its with whatever else there may be, and perhaps with some of what is to be put in."""
    agent = draw(st.sampled_from(list(SECTIONS)))
    document = draw(st.dictionaries(st.text("abé", max_size=5), json_values, max_size=4))
    section = draw(st.none() | st.dictionaries(st.text("xyé", max_size=4), json_values, max_size=3))
    if section is not None:
        fixed = [
            item
            for item in WANTED[agent].items()
            if "endpoint" not in item[0].lower() and "protocol" not in item[0].lower()
        ]
        there = draw(st.lists(st.sampled_from(fixed), max_size=2))
        members = list((document | {SECTIONS[agent]: section | dict(there)}).items())
        document = dict(draw(st.permutations(members)))
    return agent, document


def written(document: dict[str, Any], indent: int | str | None, newline: str, *, ascii: bool) -> str:
    return json.dumps(document, indent=indent, ensure_ascii=ascii).replace("\n", newline)


def path_of(folder: Path, agent: str) -> Path:
    return AGENTS[agent].settings({}, folder, HERE).path


def connect(folder: Path, agent: str, to: Destination = HERE) -> bool:
    return AGENTS[agent].settings({}, folder, to).connect()


def disconnect(folder: Path, agent: str) -> Undone:
    return AGENTS[agent].settings({}, folder, HERE).disconnect()


def says(path: Path) -> Any:
    return json.loads(path.read_bytes().decode().removeprefix("\ufeff"))


@settings(max_examples=150, deadline=None)
@given(
    documents(),
    st.sampled_from([None, 0, 2, 4, "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from(["", "\ufeff"]),
)
@example(("claude-code", {}), 2, "\n", True, "")
@example(("claude-code", {"env": {}}), 2, "\n", True, "")
@example(("gemini", {"telemetry": {"enabled": True}}), None, "\n", True, "")
def test_what_is_put_in_and_taken_out_again_leaves_the_file_as_it_was(
    case: tuple[str, dict[str, Any]], indent: int | str | None, newline: str, ascii: bool, bom: str
) -> None:
    agent, before = case
    section = SECTIONS[agent]
    text = bom + written(before, indent, newline, ascii=ascii)
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), path_of(Path(name), agent)
        path.parent.mkdir()
        path.write_bytes(text.encode())
        assert connect(folder, agent) == (before.get(section, {}) != before.get(section, {}) | WANTED[agent])
        assert not connect(folder, agent)
        after = says(path)
        assert after[section] == before.get(section, {}) | WANTED[agent]
        assert list(after[section])[: len(before.get(section, {}))] == list(before.get(section, {}))
        assert [name for name in after if name in before] == list(before)
        assert {name: after[name] for name in before if name != section} == {
            name: value for name, value in before.items() if name != section
        }
        assert connect(folder, agent, GRPC)
        assert connect(folder, agent, WITH_KEY)
        assert says(path)[section] != after[section]
        assert disconnect(folder, agent) == (True, [])
        assert path.read_bytes() == text.encode()
        assert disconnect(folder, agent) == (False, [])
        assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("agent", SECTIONS)
def test_a_file_that_was_not_there_is_made_and_goes_again(tmp_path: Path, agent: str) -> None:
    path = path_of(tmp_path, agent)
    assert connect(tmp_path, agent)
    assert says(path) == {SECTIONS[agent]: WANTED[agent]}
    assert path.read_text() == json.dumps(says(path), indent=2) + "\n"
    assert disconnect(tmp_path, agent) == (True, [])
    assert list(path.parent.iterdir()) == []


def test_a_new_file_that_holds_a_key_is_its_owners_alone(tmp_path: Path) -> None:
    connect(tmp_path, "claude-code", WITH_KEY)
    path = path_of(tmp_path, "claude-code")
    assert path.stat().st_mode & 0o777 == 0o600
    assert says(path)["env"]["OTEL_EXPORTER_OTLP_HEADERS"] == f"Authorization=Bearer {KEY}"
    assert says(path)["env"]["OTEL_EXPORTER_OTLP_ENDPOINT"] == "https://tachograph.example.com/team"
    assert all(KEY not in each.read_text() for each in path.parent.iterdir() if each != path)


def test_without_a_key_the_one_that_was_put_in_goes(tmp_path: Path) -> None:
    connect(tmp_path, "claude-code", WITH_KEY)
    assert connect(tmp_path, "claude-code")
    assert says(path_of(tmp_path, "claude-code")) == {"env": WANTED["claude-code"]}


def test_a_key_that_the_user_put_there_by_hand_is_as_good_and_stays(tmp_path: Path) -> None:
    path = path_of(tmp_path, "claude-code")
    path.parent.mkdir()
    by_hand = {"env": {"OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer {KEY}"}}
    path.write_text(json.dumps(by_hand))
    assert connect(tmp_path, "claude-code", WITH_KEY)
    assert disconnect(tmp_path, "claude-code") == (True, [])
    assert says(path) == by_hand


def test_geminis_settings_never_hold_a_key(tmp_path: Path) -> None:
    connect(tmp_path, "gemini", WITH_KEY)
    assert KEY not in path_of(tmp_path, "gemini").read_text()


def test_what_was_is_kept_beside_it_until_it_is_undone(tmp_path: Path) -> None:
    path = path_of(tmp_path, "gemini")
    path.parent.mkdir()
    path.write_text('{"theme": "dark"}')
    connect(tmp_path, "gemini")
    connect(tmp_path, "gemini", GRPC)
    assert AGENTS["gemini"].settings({}, tmp_path, HERE).backup.read_text() == '{"theme": "dark"}'


OTHERS = (
    (
        "claude-code",
        {"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://other.example.com"}},
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ),
    ("claude-code", {"env": {"OTEL_METRICS_EXPORTER": "console"}}, "OTEL_METRICS_EXPORTER"),
    ("claude-code", {"env": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "x"}}, "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"),
    ("claude-code", {"env": {"OTEL_EXPORTER_OTLP_HEADERS": "a=b"}}, "OTEL_EXPORTER_OTLP_HEADERS"),
    ("gemini", {"telemetry": {"enabled": False}}, "enabled"),
    ("gemini", {"telemetry": {"enabled": 1}}, "enabled"),
    ("gemini", {"telemetry": {"logPrompts": True}}, "logPrompts"),
    ("gemini", {"telemetry": {"outfile": "t.log"}}, "outfile"),
)


@pytest.mark.parametrize(("agent", "document", "name"), OTHERS)
def test_what_others_say_otherwise_is_refused_by_name_and_stays(
    tmp_path: Path, agent: str, document: dict[str, Any], name: str
) -> None:
    path = path_of(tmp_path, agent)
    path.parent.mkdir()
    path.write_text(json.dumps(document))
    with pytest.raises(TachographError, match=f"has {name} already"):
        connect(tmp_path, agent)
    assert path.read_text() == json.dumps(document)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


HOSTILE = (
    (b"", "it isn't JSON: "),
    (b"{\n  // my settings\n}", "it isn't JSON, or has comments: "),
    (b'{"a": "\xff"}', "it isn't UTF-8 at byte 7"),
    (b"[1]", "it isn't a JSON object"),
    (b'{"env": [], "telemetry": []}', "isn't an object"),
    (b'{"env": null, "telemetry": null}', "isn't an object"),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
)


@pytest.mark.parametrize("agent", SECTIONS)
@pytest.mark.parametrize(("content", "why"), HOSTILE)
def test_what_is_not_settings_is_refused_and_stays(tmp_path: Path, agent: str, content: bytes, why: str) -> None:
    path = path_of(tmp_path, agent)
    connect(tmp_path, agent)
    path.write_bytes(content)
    for does in (connect, disconnect):
        with pytest.raises(NotSettings) as refused:
            does(tmp_path, agent)
        assert why in str(refused.value)
    assert path.read_bytes() == content


def test_undoing_leaves_what_the_user_had_before_and_what_came_later(tmp_path: Path) -> None:
    path = path_of(tmp_path, "claude-code")
    path.parent.mkdir()
    path.write_text('{"env": {"OTEL_LOGS_EXPORTER": "otlp", "A": "1"}}')
    connect(tmp_path, "claude-code")
    path.write_text(json.dumps(says(path) | {"model": "opus", "env": says(path)["env"] | {"B": "2"}}))
    assert disconnect(tmp_path, "claude-code") == (True, [])
    assert says(path) == {"env": {"OTEL_LOGS_EXPORTER": "otlp", "A": "1", "B": "2"}, "model": "opus"}


def test_undoing_leaves_a_value_that_was_changed_since_and_names_it(tmp_path: Path) -> None:
    path = path_of(tmp_path, "claude-code")
    connect(tmp_path, "claude-code")
    path.write_text(path.read_text().replace("127.0.0.1:4318", "other.example.com"))
    with pytest.raises(TachographError, match="OTEL_EXPORTER_OTLP_ENDPOINT already"):
        connect(tmp_path, "claude-code", WITH_KEY)
    assert disconnect(tmp_path, "claude-code") == (True, ["OTEL_EXPORTER_OTLP_ENDPOINT"])
    assert says(path) == {"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://other.example.com"}}


def test_undoing_where_somebody_has_deleted_the_file_forgets_it(tmp_path: Path) -> None:
    path = path_of(tmp_path, "gemini")
    connect(tmp_path, "gemini")
    path.unlink()
    assert disconnect(tmp_path, "gemini") == (False, [])
    assert list(path.parent.iterdir()) == []


def test_a_note_that_is_damaged_is_an_error_and_the_file_stays(tmp_path: Path) -> None:
    path = path_of(tmp_path, "gemini")
    connect(tmp_path, "gemini")
    (note,) = (each for each in path.parent.iterdir() if each != path)
    note.write_text("{")
    before = path.read_bytes()
    for does in (lambda: connect(tmp_path, "gemini", GRPC), lambda: disconnect(tmp_path, "gemini")):
        with pytest.raises(TachographError, match="isn't the note"):
            does()
    assert path.read_bytes() == before


def test_a_file_that_somebody_changes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = path_of(tmp_path, "gemini")
    path.parent.mkdir()
    path.write_text("{}")
    agent = AGENTS["gemini"].settings({}, tmp_path, HERE)
    assert not agent.says("logPrompts")
    path.write_text('{"theme": "dark"}')
    with pytest.raises(TachographError, match="changed by somebody else"):
        agent.connect()
    assert path.read_text() == '{"theme": "dark"}'


@pytest.mark.parametrize("first", ["hooks", "telemetry"])
def test_hooks_and_telemetry_come_and_go_in_one_file_in_any_order(tmp_path: Path, first: str) -> None:
    path = path_of(tmp_path, "claude-code")
    path.parent.mkdir()
    before = '{\n    "model": "opus",\n    "env": {"A": "1"},\n    "theme": "dark"\n}\n'
    command = HookCommand(("/usr/bin/tachograph",))
    for last in ("hooks", "telemetry"):
        path.write_text(before)
        does: list[Callable[[], object]] = [
            lambda: SettingsFile(path).install(EVENTS, command),
            lambda: connect(tmp_path, "claude-code"),
        ]
        for put_in in does if first == "hooks" else does[::-1]:
            put_in()
        assert set(says(path)) == {"model", "env", "theme", "hooks"}
        undoes: list[Callable[[], object]] = [
            lambda: SettingsFile(path).remove(),
            lambda: disconnect(tmp_path, "claude-code"),
        ]
        for take_out in undoes if last == "telemetry" else undoes[::-1]:
            take_out()
        assert path.read_text() == before
