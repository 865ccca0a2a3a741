"""`tachograph hooks` and `tachograph hook`: put in, run as an agent runs it, shown, and taken out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from claude_lines import SECRET
from cli.made_up import write_transcript
from hook_notes import after, before, failed, told
from tachograph.hooks.events import EVENTS
from tachograph.hooks.log import tell_failure

if TYPE_CHECKING:
    from cli.conftest import Command

NAMES = [event.name for event in EVENTS]
NEWEST = ("--claude-version", "2.1.300")


@pytest.fixture
def settings(home: Path) -> Path:
    """The user's settings, which aren't there yet."""
    (home / ".claude").mkdir()
    return home / ".claude" / "settings.json"


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """The folder of what was noted."""
    return tmp_path / "store" / "hooks" / "claude-code"


def hook(given: object, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    content = given if isinstance(given, bytes) else json.dumps(given).encode()
    command = [sys.executable, "-m", "tachograph", "hook", *arguments]
    return subprocess.run(
        command, input=content, env=os.environ | environment, capture_output=True, check=False, timeout=60
    )


def is_silent(done: subprocess.CompletedProcess[bytes]) -> bool:
    return (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_bytes().splitlines()]


def commands_in(settings: Path) -> list[str]:
    hooks = json.loads(settings.read_text())["hooks"]
    return [each["command"] for groups in hooks.values() for group in groups for each in group["hooks"]]


# As an agent runs them


def test_what_install_puts_in_works_when_a_shell_runs_it(settings: Path, noted: Path, tachograph: Command) -> None:
    assert tachograph("hooks", "install", *NEWEST).code == 0
    hooks = json.loads(settings.read_text())["hooks"]
    assert list(hooks) == NAMES
    for name in NAMES:
        ((command,),) = ([each["command"] for each in group["hooks"]] for group in hooks[name])
        given = told(name, tool_use_id=f"t-{name}", tool_name="Bash", notification_type="idle_prompt")
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}  # an agent may have no other
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            input=json.dumps(given).encode(),
            env=environment,
            capture_output=True,
            check=False,
        )
        assert is_silent(done)
    assert [line["data"]["event"] for line in lines_of(noted)] == NAMES
    assert not (noted / "failures.txt").exists()


def test_a_session_is_counted_with_its_transcript(home: Path, noted: Path, tachograph: Command) -> None:
    write_transcript(home)
    session: dict[str, Any] = {"session_id": "c1", "cwd": "/srv/tools"}
    for given in (
        told("SessionStart", **session),
        before("toolu_c1", **session),
        after("toolu_c1", duration_ms=700, **session),
        before("toolu_other", "Read", **session),
        failed("toolu_other", tool="Read", **session),
        told("Notification", notification_type="permission_prompt", **session),
        told("SessionEnd", reason="logout", **session),
    ):
        assert is_silent(hook(given))
    rows = {row["tool"]: row for row in tachograph("tools", "--json").document["time_series"]}
    assert {name: (row["count"], row["success"], row["failure"]) for name, row in rows.items()} == {
        "Bash": (1, 1, 0),
        "Read": (1, 0, 1),
    }
    assert rows["Bash"]["total_duration_ms"] == 700
    types = tachograph("daily", "--json").document["breakdowns"]["by_type"]
    assert types == {"session_start": 1, "token_usage": 1, "tool_use": 2, "hook_triggered": 1, "session_end": 1}
    assert SECRET not in "".join(path.read_text() for path in noted.iterdir())


def test_hooks_at_the_same_time_note_whole_lines(noted: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: hook(before(f"t{n}")), range(16)))
    assert all(map(is_silent, done))
    assert {line["data"]["call"] for line in lines_of(noted)} == {f"t{n}" for n in range(16)}


def test_a_line_that_was_cut_costs_no_other(noted: Path) -> None:
    hook(before("t1"))
    (file,) = noted.glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-9])
    hook(before("t2"))
    _, whole = file.read_bytes().splitlines()
    assert json.loads(whole)["data"]["call"] == "t2"


FAULTS = (
    (b"", "there is no input"),
    (b"{nonsense", "the input isn't JSON"),
    (b"\xff\xfe", "the input isn't JSON"),
    (b"[" * 100_000, "the input isn't JSON"),
    (b"[]", "the input isn't that of a hook: it has no hook_event_name"),
    (
        f'{{"hook_event_name": 5, "x": "{SECRET}"}}'.encode(),
        "the input isn't that of a hook: it has no hook_event_name",
    ),
)


@pytest.mark.parametrize(("given", "why"), FAULTS)
def test_whatever_goes_wrong_the_agent_does_not_notice_and_it_is_noted_why(
    given: bytes, why: str, noted: Path, tachograph: Command
) -> None:
    assert is_silent(hook(given))
    (line,) = (noted / "failures.txt").read_text().splitlines()
    assert line.endswith(f"Z {why}")
    assert tachograph("hooks", "show", "--json").document["failures"] == [line]
    assert why in tachograph("hooks", "show").out


def test_a_store_that_cannot_be_written_to_disturbs_nobody(tmp_path: Path, settings: Path, tachograph: Command) -> None:
    (tmp_path / "file").touch()
    assert is_silent(hook(told("Stop"), "--home", str(tmp_path / "file" / "store")))
    assert is_silent(hook(told("Stop"), TACHOGRAPH_HOME="/dev/null"))
    tachograph("hooks", "install", "--home", "/dev/null/store")
    assert "can't be written to" in tachograph("hooks", "show").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_disturbs_nobody(noted: Path) -> None:
    noted.mkdir(parents=True)
    for month in range(1, 13):
        (noted / f"{datetime.now(UTC).year}-{month:02}.jsonl").symlink_to("/dev/full")
    assert is_silent(hook(told("Stop")))
    assert "No space left on device" in (noted / "failures.txt").read_text()


def test_an_argument_that_it_does_not_know_disturbs_nobody(noted: Path) -> None:
    assert is_silent(hook(told("Stop"), "--new-option", "x"))
    assert len(lines_of(noted)) == 1


def test_of_many_failures_the_last_are_kept(noted: Path) -> None:
    for number in range(1500):
        tell_failure(str(noted), "2026-03-01T09:00:00.000Z", f"{number} {'x' * 60}\nno line of its own")
    kept = (noted / "failures.txt").read_text().splitlines()
    assert (noted / "failures.txt").stat().st_size < 100_000
    assert kept[-1].startswith("2026-03-01T09:00:00.000Z 1499 ")
    assert [path.name for path in noted.iterdir()] == ["failures.txt"]


def test_it_needs_next_to_nothing(noted: Path) -> None:
    program = "import sys; from tachograph.cli.main import main; main(['hook']); print(*sys.modules, file=sys.stderr)"
    given = json.dumps(after("t1")).encode()
    done = subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, check=True, timeout=60)
    assert len(lines_of(noted)) == 1
    assert not set(done.stderr.decode().split()) & {
        "argparse", "dataclasses", "duckdb", "msgspec", "pathlib", "platformdirs", "rich", "tachograph.sources",
    }  # fmt: skip


# Put in and taken out


def test_installing_twice_is_installing_once_and_removing_leaves_no_trace(settings: Path, tachograph: Command) -> None:
    settings.write_text('{\n  "model": "opus"\n}\n')
    first = tachograph("hooks", "install", *NEWEST)
    assert (first.code, first.err) == (0, "")
    assert "Installed 11 hooks in" in first.out
    installed = settings.read_text()
    assert "Already installed in" in tachograph("hooks", "install", *NEWEST).out
    assert settings.read_text() == installed
    assert "Removed the hooks from" in tachograph("hooks", "remove").out
    assert settings.read_text() == '{\n  "model": "opus"\n}\n'
    assert [path.name for path in settings.parent.iterdir()] == ["settings.json"]
    assert "There are no hooks of ours in" in tachograph("hooks", "remove").out


def test_hooks_of_a_moved_installation_are_replaced(settings: Path, tachograph: Command) -> None:
    tachograph("hooks", "install", *NEWEST)
    now = set(commands_in(settings))
    settings.write_text(settings.read_text().replace(next(iter(now)), "/gone/bin/tachograph hook"))
    assert "/gone/bin/tachograph isn't there" in tachograph("hooks", "show").out
    tachograph("hooks", "install", *NEWEST)
    assert set(commands_in(settings)) == now
    assert len(commands_in(settings)) == len(NAMES)


def test_the_version_in_use_decides_which_events_are_named(home: Path, settings: Path, tachograph: Command) -> None:
    unknown = tachograph("hooks", "install")
    assert list(json.loads(settings.read_text())["hooks"]) == [
        name for name in NAMES if name not in ("PostToolUseFailure", "SubagentStart", "PostCompact")
    ]
    assert "no transcript says which version" in unknown.err
    transcript = write_transcript(home)  # of 2.0.0
    transcript.write_text(transcript.read_text().replace('"2.0.0"', '"2.1.75"'))
    known = tachograph("hooks", "install")
    assert known.err == "Left out, because Claude Code 2.1.75 doesn't have them: PostCompact\n"
    assert list(json.loads(settings.read_text())["hooks"]) == [name for name in NAMES if name != "PostCompact"]


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ((), "home/.claude/settings.json"),
        (("--scope", "project"), "project/.claude/settings.json"),
        (("--scope", "local"), "project/.claude/settings.local.json"),
        (("--settings", "mine.json"), "project/mine.json"),
    ],
)
def test_each_scope_has_its_file(
    arguments: tuple[str, ...], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    said = tachograph("hooks", "install", *NEWEST, *arguments)
    assert said.code == 0
    assert ("Others who use this project" in said.err) == ("project" in arguments)
    assert len(commands_in(tmp_path / place)) == len(NAMES)
    tachograph("hooks", "remove", *arguments)
    assert not (tmp_path / place).exists()


def test_the_configuration_folder_can_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "moved"))
    tachograph("hooks", "install")
    assert (tmp_path / "moved" / "settings.json").exists()


def test_two_places_of_hooks_are_told(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    tachograph("hooks", "install")
    tachograph("hooks", "install", "--scope", "local")
    assert "one event may be noted twice" in tachograph("hooks", "show").out


MISTAKES = (
    (["show", "--settings", "comments.json"], "comments.json: it isn't JSON, or has comments: "),
    (["install", "--settings", "comments.json"], "nothing was changed"),
    (["remove", "--settings", "comments.json"], "nothing was changed"),
    (["install", "--claude-version", "latest"], "--claude-version: 'latest' is no version (such as 2.1.76)"),
)


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_told_and_changes_nothing(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("comments.json").write_text("{ // mine\n}")
    assert words in tachograph.mistake("hooks", *arguments)
    assert Path("comments.json").read_text() == "{ // mine\n}"


# Shown


def test_before_anything_is_installed_it_shows_what_would_be(settings: Path, tachograph: Command) -> None:
    said = tachograph("hooks", "show", *NEWEST)
    assert said.code == 0
    shown = json.loads(said.out[said.out.index("{") : said.out.rindex("}") + 1])
    assert not settings.exists()
    tachograph("hooks", "install", *NEWEST)
    assert json.loads(settings.read_text()) == shown


def test_it_shows_when_each_event_was_noted_last(settings: Path, tachograph: Command) -> None:
    tachograph("hooks", "install", *NEWEST)
    assert "Nothing was noted yet" in tachograph("hooks", "show").out
    hook(told("Stop"))
    document = tachograph("hooks", "show", "--json").document
    last = {event["event"]: event["last"] for event in document["events"]}
    assert [name for name in NAMES if last[name]] == ["Stop"]
    assert document["installed"]
    assert document["troubles"] == []
    page = tachograph("hooks", "show").out
    assert "They work: the last event was noted at 20" in page
    head, *rows = page.splitlines()[2 : 3 + len(NAMES)]
    assert {row[head.index("last noted") :][:1] for row in rows} == {"2", "–"}


def test_hooks_that_write_where_nobody_looks_are_told(settings: Path, tmp_path: Path, tachograph: Command) -> None:
    tachograph("hooks", "install", "--home", str(tmp_path / "elsewhere"))
    assert set(commands_in(settings)) == {c for c in commands_in(settings) if f"--home {tmp_path}/elsewhere" in c}
    assert f"they write to {tmp_path}/elsewhere/hooks/claude-code" in tachograph("hooks", "show").out
