"""Settings keep everything that isn't ours, to the byte."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from json_values import json_values
from tachograph.errors import TachographError
from tachograph.hooks.command import HookCommand
from tachograph.hooks.events import EVENTS, events_of
from tachograph.hooks.settings import SettingsFile

COMMAND = HookCommand(("/opt/the tools/bin/tachograph",))
MOVED = HookCommand(("/usr/bin/tachograph",), "/srv/store")

commands = st.fixed_dictionaries({"type": st.just("command"), "command": st.text("abc \\\"'", max_size=8)})
groups = st.fixed_dictionaries(
    {"hooks": st.lists(commands, max_size=2)}, optional={"matcher": st.text("AB|", max_size=3)}
)
hooks = st.dictionaries(
    st.sampled_from([*(event.name for event in EVENTS), "Other"]),
    st.lists(groups | json_values, max_size=3),
    max_size=4,
)
documents = st.builds(
    lambda others, ours: others if ours is None else others | {"hooks": ours},
    st.dictionaries(st.text("abé", max_size=5), json_values, max_size=4),
    st.none() | hooks,
)


def written(document: dict[str, Any], indent: int | str | None, newline: str, *, ascii: bool) -> str:
    return json.dumps(document, indent=indent, ensure_ascii=ascii).replace("\n", newline)


def without_backup(path: Path) -> None:
    SettingsFile(path).backup.unlink()


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        written, documents, st.sampled_from([None, 0, 2, 4, "\t"]), st.sampled_from(["\n", "\r\n"]), ascii=st.booleans()
    )
)
@example("{ }")
@example("\ufeff{\n}\n")
@example('{"hooks":{},"hooks":{"Stop":[],"Stop":[ ]}}')
@example('{"a":1.0,"b":1e5,"c":-0,"d":12345678901234567890123,"e":"\\ud83d\\ude00\\u00e9\\/"}')
def test_what_is_put_in_and_taken_out_again_leaves_the_file_as_it_was(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        path.write_bytes(text.encode())
        before, events = json.loads(text.removeprefix("\ufeff")), [event.name for event in EVENTS]
        assert SettingsFile(path).install(EVENTS, COMMAND)
        after = json.loads(path.read_bytes().decode().removeprefix("\ufeff"))
        found = SettingsFile(path).entries()
        assert sorted(entry.event for entry in found) == sorted(events)
        assert {entry.command for entry in found} == {COMMAND}
        assert {name: value for name, value in after.items() if name != "hooks"} == {
            name: value for name, value in before.items() if name != "hooks"
        }
        for event, there in before.get("hooks", {}).items():
            assert after["hooks"][event][: len(there)] == there
        assert not SettingsFile(path).install(EVENTS, COMMAND)
        assert SettingsFile(path).install(events_of(None), MOVED)
        assert {entry.command for entry in SettingsFile(path).entries()} == {MOVED}
        assert SettingsFile(path).remove()
        assert path.read_bytes() == text.encode()
        assert not SettingsFile(path).remove()
        assert [each.name for each in path.parent.iterdir()] == ["settings.json"]


INDENTED = """{
    "model": "opus",
    "permissions": {"allow": ["Bash(ls:*)", "Read"], "deny": []},
    "hooks": {
        "Stop": [
            {"hooks": [{"type": "command", "command": "notify-send done"}]}
        ]
    },
    "ratio": 1.50
}
"""


def test_what_others_change_in_between_stays_and_everything_else_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(INDENTED)
    SettingsFile(path).install(EVENTS, COMMAND)
    path.write_text(path.read_text().replace('"opus"', '"sonnet"').replace("done", "finished"))
    SettingsFile(path).remove()
    assert path.read_text() == INDENTED.replace('"opus"', '"sonnet"').replace("done", "finished")


def test_a_number_that_is_written_otherwise_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"a": 1}')
    SettingsFile(path).install(EVENTS, COMMAND)
    path.write_text(path.read_text().replace('"a": 1', '"a": true'))
    SettingsFile(path).remove()
    assert path.read_text() == '{"a": true}'


def test_without_the_backup_the_text_is_mended_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(INDENTED)
    SettingsFile(path).install(EVENTS, COMMAND)
    without_backup(path)
    SettingsFile(path).remove()
    assert path.read_text() == INDENTED


def test_a_file_that_an_agent_wrote_again_in_its_own_way_is_mended_too(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(INDENTED)
    SettingsFile(path).install(EVENTS, COMMAND)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"theme": "dark"}, indent=2))
    SettingsFile(path).remove()
    assert path.read_text() == json.dumps(json.loads(INDENTED) | {"theme": "dark"}, indent=2)


def test_a_file_that_was_not_there_is_made_and_goes_again(tmp_path: Path) -> None:
    path = tmp_path / "project" / ".claude" / "settings.json"
    assert SettingsFile(path).install(EVENTS, COMMAND)
    text = path.read_text()
    assert text.startswith('{\n  "hooks": {\n    "SessionStart": [\n      {\n        "hooks": [\n')
    assert text.endswith("\n  }\n}\n")
    assert text == json.dumps(json.loads(text), indent=2) + "\n"
    assert SettingsFile(path).remove()
    assert list(path.parent.iterdir()) == []


def test_a_hook_of_ours_in_a_group_with_others_goes_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    ours = {"type": "command", "command": str(COMMAND)}
    other = {"type": "command", "command": "date"}
    path.write_text(json.dumps({"hooks": {"Stop": [{"matcher": "x", "hooks": [ours, other, ours]}]}}))
    SettingsFile(path).remove()
    assert json.loads(path.read_text()) == {"hooks": {"Stop": [{"matcher": "x", "hooks": [other]}]}}


def test_links_lead_to_the_file_and_permissions_stay(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text('{"env": {"TOKEN": "x"}}')
    real.chmod(0o600)
    path = tmp_path / "settings.json"
    path.symlink_to(real)
    SettingsFile(path).install(EVENTS, COMMAND)
    assert path.is_symlink()
    assert [one.stat().st_mode & 0o777 for one in (real, SettingsFile(path).backup)] == [0o600, 0o600]
    assert str(COMMAND) in real.read_text()
    assert list(real.parent.iterdir()) == [real]
    SettingsFile(path).remove()
    assert (path.is_symlink(), real.read_text()) == (True, '{"env": {"TOKEN": "x"}}')


def test_a_file_that_was_made_where_a_link_leads_goes_again_and_the_link_stays(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.symlink_to("claude.json")
    SettingsFile(path).install(EVENTS, COMMAND)
    assert (tmp_path / "claude.json").exists()
    SettingsFile(path).remove()
    assert (path.is_symlink(), (tmp_path / "claude.json").exists()) == (True, False)


@pytest.mark.parametrize("change", [b'{"model": "sonnet"}', None])
@pytest.mark.parametrize("does", ["install", "remove"])
def test_a_file_that_somebody_changes_meanwhile_is_left_alone(tmp_path: Path, does: str, change: bytes | None) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"model": "opus"}')
    if does == "remove":
        SettingsFile(path).install(EVENTS, COMMAND)
    file = SettingsFile(path)
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change)
    with pytest.raises(TachographError, match="changed by somebody else"):
        file.install(EVENTS, COMMAND) if does == "install" else file.remove()
    assert (path.read_bytes() if path.exists() else None) == change
    assert not list(tmp_path.glob(".*"))
    assert SettingsFile(path).backup.exists() == (does == "remove")


HOSTILE = (
    (b"", "it isn't JSON: "),
    (b"{\n  // my settings\n}", "it isn't JSON, or has comments: "),
    (b'{"a": 1,}', "it isn't JSON: "),
    (b'{"a": NaN}', "NaN is no number of JSON's"),
    (b'{"a": "\xff"}', "it isn't UTF-8 at byte 7"),
    (b"[1]", "it isn't a JSON object"),
    (b'"hooks"', "it isn't a JSON object"),
    (b"null", "it isn't a JSON object"),
    (b'{"hooks": []}', "its 'hooks' isn't an object"),
    (b'{"hooks": null}', "its 'hooks' isn't an object"),
    (b'{"hooks": {"Stop": {}}}', "its hooks of Stop aren't a list"),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "it is nested too deeply"),
)


@pytest.mark.parametrize(("content", "why"), HOSTILE)
def test_what_is_not_settings_is_refused_and_stays(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(TachographError) as refused:
        SettingsFile(path)
    assert why in str(refused.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("odd", ['{"hooks": {"Stop": [1, "x", {}, {"hooks": 5}, {"hooks": [3, {"command": 7}]}]}}'])
def test_odd_groups_of_others_are_passed_over(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(odd)
    SettingsFile(path).install(EVENTS, COMMAND)
    SettingsFile(path).remove()
    assert path.read_text() == odd
