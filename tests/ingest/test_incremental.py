"""Reading again: only what is new is read, nothing is counted twice, and no end of a reading loses anything."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_lines import Line, contents, ingest, prompt, reply, result, tool_use, transcript, usage
from tachograph.ingest import reader as reading
from tachograph.store import duckdb as storing
from tachograph.store.duckdb import Loading, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.ingest.reader import Summary

LOG = "metrics_20260301_090000.jsonl"
AT = 1_767_225_600


def line(id: str, model: str = "big") -> bytes:
    data = {"model": model, "token_count": 1}
    return (
        json.dumps({"id": id, "timestamp": "2026-03-01T09:00:00Z", "type": "tool_use", "data": data}).encode() + b"\n"
    )


class Logs:
    """A folder of logs, and a store that reads them."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        self.clock = AT

    def write(self, text: bytes, name: str = LOG, mode: str = "wb") -> Path:
        """Writes a file, whose time is a second after the last."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as handle:
            handle.write(text)
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        return path

    def append(self, text: bytes, name: str = LOG) -> Path:
        return self.write(text, name, "ab")

    def read(self) -> Summary:
        return ingest(self.store, self.folder, source="metrics-log")

    def ids(self) -> list[str]:
        return [id for (id,) in self.store.connection.execute("SELECT id FROM metrics ORDER BY seq").fetchall()]

    def rejects(self) -> list[tuple[str, int, int]]:
        return [(Path(each.path).name, each.line, each.byte_offset) for each in self.store.rejects()]


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    with Store.in_memory() as store:
        yield Logs(tmp_path, store)


def test_a_second_run_reads_nothing(logs: Logs) -> None:
    logs.write(line("a") + b"{\n")
    assert logs.read().files_read == 1
    again = logs.read()
    assert (again.files_read, again.files_unchanged, again.bytes_read) == (0, 1, 0)
    assert (logs.ids(), logs.rejects()) == (["a"], [(LOG, 2, len(line("a")))])


def test_only_appended_lines_are_read(logs: Logs) -> None:
    logs.write(line("a"))
    logs.read()
    logs.append(line("b") + line("c"))
    summary = logs.read()
    assert (summary.files_read, summary.bytes_read) == (1, len(line("b") + line("c")))
    assert logs.ids() == ["a", "b", "c"]


def test_a_file_whose_time_alone_changed_is_read_on_from_its_end(logs: Logs) -> None:
    logs.write(line("a"))
    logs.read()
    logs.append(b"")
    assert logs.read().bytes_read == 0
    assert logs.read().files_unchanged == 1


LAST = '{"id":"é\U0001f600","timestamp":"2026-03-01","type":"tool_use","data":{"tool_name":"日本"}}\n'.encode()


@pytest.mark.parametrize("cut", [1, 5, *range(8, 16), 40, *range(len(LAST) - 9, len(LAST))])
def test_an_unfinished_line_is_read_when_it_is_whole(logs: Logs, cut: int) -> None:
    """However it was cut, within a letter too."""
    logs.write(line("a") + LAST[:cut])
    summary = logs.read()
    assert summary.unfinished == (cut < len(LAST) - 1)
    logs.append(LAST[cut:] + line("b"))
    logs.read()
    assert logs.ids() == ["a", "é\U0001f600", "b"]
    assert logs.rejects() == []


def test_a_line_that_never_becomes_whole_is_no_reject(logs: Logs) -> None:
    logs.write(line("a") + b'{"id":')
    logs.read()
    assert logs.read().lines_rejected == 0
    assert (logs.ids(), logs.rejects()) == (["a"], [])


def test_a_line_that_is_refused_later_has_its_number_in_the_file(logs: Logs) -> None:
    """Though nobody counted the lines of what was read before."""
    path = logs.write(line("a") + b"\n" + line("b"))
    logs.read()
    assert logs.store.files()[str(path)].lines is None
    logs.append(line("c") + b"bad\n")
    logs.read()
    logs.append(b"bad\n")
    logs.read()
    assert [number for _, number, _ in logs.rejects()] == [5, 6]


def test_rejects_keep_their_numbers_from_run_to_run(logs: Logs) -> None:
    """Also after a blank line, and after a whole last line without its newline."""
    logs.write(b"bad\n" + line("a") + b"\nbad\n" + line("b").rstrip())
    logs.read()
    logs.append(b"\nbad\nba")
    logs.read()
    logs.append(b"d\n" + line("c") + b"bad\n")
    logs.read()
    text = (logs.folder / LOG).read_bytes().split(b"\n")
    bad = [(LOG, n, sum(len(each) + 1 for each in text[: n - 1])) for n, each in enumerate(text, 1) if each == b"bad"]
    assert logs.rejects() == bad
    assert logs.store.rejected_count() == 5
    assert logs.ids() == ["a", "b", "c"]


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
)
@given(
    lines=st.lists(
        st.sampled_from([line("a"), line("b"), LAST, b"bad\n", b"\n", b"{}\n", b'"\xc3\xa9"\r\n']), max_size=8
    ),
    cuts=st.lists(st.integers(0, 700), max_size=4),
    mark=st.booleans(),
    piece_bytes=st.sampled_from([10, 150, 1 << 20]),
    block_bytes=st.sampled_from([7, 100, 1 << 20]),
)
def test_a_file_that_grows_by_any_bytes_and_is_read_in_any_pieces_comes_to_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[bytes],
    cuts: list[int],
    mark: bool,
    piece_bytes: int,
    block_bytes: int,
) -> None:
    text = b"\xef\xbb\xbf" * mark + b"".join(lines)
    outcomes = []
    for ends, piece, block in (
        ([len(text)], 1 << 20, 1 << 20),
        ([*sorted(min(cut, len(text)) for cut in cuts), len(text)], piece_bytes, block_bytes),
    ):
        monkeypatch.setattr(reading, "_TASK_BYTES", piece)
        monkeypatch.setattr("tachograph.ingest.reading.BLOCK_BYTES", block)
        with Store.in_memory() as store:
            logs = Logs(tmp_path_factory.mktemp("logs"), store)
            logs.write(line("first"), "metrics_20250101_000000.jsonl")
            for start, end in zip([0, *ends], ends, strict=False):
                logs.append(text[start:end])
                logs.read()
            outcomes.append((logs.ids(), logs.rejects()))
    assert outcomes[0] == outcomes[1]
    assert all(number == text[:offset].count(b"\n") + 1 for _, number, offset in outcomes[0][1])


# Files that are other files by now


@pytest.mark.parametrize(
    "text",
    [line("x"), line("x", "a much longer name of a model than before"), b"", line("xy")[:20] + b"\n", b"\n" * 500],
)
def test_a_file_that_was_rewritten_is_read_again_and_what_it_had_stays(logs: Logs, text: bytes) -> None:
    """Also one of the same size."""
    logs.write(line("a") + b"bad\n" if len(text) > 100 else line("a"))
    logs.read()
    logs.write(text + b"worse\n")
    logs.read()
    assert logs.ids() == (["a", "x"] if b'"x"' in text else ["a"])
    assert (LOG, text.count(b"\n") + 1, len(text)) in logs.rejects()


def test_rejects_of_what_a_file_was_before_are_forgotten(logs: Logs) -> None:
    logs.write(b"bad\nbad\nbad\n" + line("a"))
    logs.read()
    logs.write(line("a") + b"bad\n")
    logs.read()
    assert logs.rejects() == [(LOG, 2, len(line("a")))]


def test_a_file_that_was_cut_is_read_again(logs: Logs) -> None:
    logs.write(line("a") + line("b"))
    logs.read()
    logs.write(line("a"))
    logs.read()
    logs.append(line("c"))
    logs.read()
    assert logs.ids() == ["a", "b", "c"]


def test_a_file_that_was_moved_is_not_read_again(logs: Logs) -> None:
    path = logs.write(line("a") + b"bad\n")
    logs.read()
    path.rename(logs.folder / "metrics_20270101_000000.jsonl")
    summary = logs.read()
    assert (summary.files_read, summary.bytes_read) == (0, 0)
    assert logs.ids() == ["a"]
    assert set(logs.store.files()) == {str(logs.folder / "metrics_20270101_000000.jsonl")}
    assert logs.store.rejected_count() == 1, "its rejects move with it"


def test_a_file_that_was_moved_and_grew_is_read_on(logs: Logs) -> None:
    path = logs.write(line("a") + b"bad\n")
    logs.read()
    path.rename(logs.folder / "metrics_20270101_000000.jsonl")
    logs.append(line("b") + b"bad\n", "metrics_20270101_000000.jsonl")
    summary = logs.read()
    assert summary.bytes_read == len(line("b") + b"bad\n")
    assert logs.ids() == ["a", "b"]
    assert [number for _, number, _ in logs.rejects()] == [2, 4]
    assert logs.store.connection.execute("SELECT count(*) FROM files").fetchall() == [(1,)], "it is in the ledger once"


def test_of_two_files_of_the_same_beginning_each_is_known(logs: Logs) -> None:
    first = logs.write(line("a") + line("b"), "metrics_20260101_000000.jsonl")
    logs.write(line("a") + line("c"), "metrics_20260102_000000.jsonl")
    logs.read()
    first.rename(logs.folder / "metrics_20280101_000000.jsonl")
    logs.append(line("d"), "metrics_20280101_000000.jsonl")
    logs.read()
    assert logs.ids() == ["a", "b", "c", "d"]


def test_a_copied_file_counts_once(logs: Logs) -> None:
    path = logs.write(line("a") + line("b"))
    logs.read()
    logs.write(path.read_bytes() + line("c"), "metrics_20270101_000000.jsonl")
    logs.read()
    assert logs.ids() == ["a", "b", "c"]


def test_what_a_deleted_file_told_stays(logs: Logs) -> None:
    logs.write(line("a"))
    other = logs.write(line("b") + b"bad\n", "metrics_20270101_000000.jsonl")
    logs.read()
    other.unlink()
    logs.read()
    assert logs.ids() == ["a", "b"]


@pytest.mark.parametrize("both", [True, False])
def test_a_file_that_was_compressed_counts_once(logs: Logs, both: bool) -> None:
    """As rotation does; for a moment both may be there."""
    path = logs.write(line("a") + b"bad\n")
    logs.read()
    logs.write(gzip.compress(path.read_bytes()), LOG + ".gz")
    if both:
        logs.read()
    path.unlink()
    logs.read()
    logs.read()
    assert logs.ids() == ["a"]
    assert both or logs.store.rejected_count() == 1


def test_a_compressed_file_is_read_once_and_again_when_it_changes(logs: Logs) -> None:
    logs.write(gzip.compress(line("a") + b"bad\n"), LOG + ".gz")
    logs.read()
    assert logs.read().files_unchanged == 1
    logs.append(gzip.compress(line("b")), LOG + ".gz")
    logs.read()
    assert logs.ids() == ["a", "b"]
    assert logs.store.rejected_count() == 1


def test_a_cut_compressed_file_is_told_and_read_when_it_is_whole(logs: Logs) -> None:
    whole = gzip.compress(b"".join(line(f"m{n}") for n in range(2000)))
    logs.write(line("a"))
    logs.write(whole[: len(whole) // 2], LOG + ".gz")
    summary = logs.read()
    assert [(Path(each.path).name, "damaged or cut" in each.reason) for each in summary.skipped] == [
        (LOG + ".gz", True)
    ]
    logs.write(whole, LOG + ".gz")
    assert logs.read().skipped == []
    assert len(logs.ids()) == 2001


def test_an_empty_file_is_no_trouble_and_is_read_when_it_has_something(logs: Logs) -> None:
    logs.write(b"")
    logs.write(line("b"), "metrics_20270101_000000.jsonl")
    assert logs.read().skipped == []
    logs.write(line("a"))
    logs.read()
    assert logs.ids() == ["b", "a"]


# Files and folders that are no logs


def test_links_to_folders_are_not_followed_in_circles(logs: Logs) -> None:
    logs.write(line("a"), f"one/two/{LOG}")
    (logs.folder / "one" / "two" / "up").symlink_to(logs.folder, target_is_directory=True)
    (logs.folder / "one" / "self").symlink_to(logs.folder / "one" / "self")
    (logs.folder / "one" / LOG).symlink_to(logs.folder / "nowhere")
    logs.read()
    assert logs.ids() == ["a"]


def test_a_folder_of_a_logs_name_is_a_folder(logs: Logs) -> None:
    logs.write(line("a"))
    logs.write(line("b"), "metrics_20270101_000000.jsonl/metrics_20270101_000000.jsonl")
    logs.read()
    assert sorted(logs.ids()) == ["a", "b"]


def test_a_folder_that_cannot_be_listed_stops_no_other(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.write(line("a"))
    logs.write(line("b"), f"secret/{LOG}")
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    summary = logs.read()
    assert logs.ids() == ["a"]
    assert [(Path(each.path).name, each.reason) for each in summary.skipped] == [("secret", "Permission denied")]


def test_a_file_that_vanishes_before_it_is_read_stops_no_other(logs: Logs) -> None:
    gone = logs.write(line("a"))
    logs.write(line("b"), "metrics_20270101_000000.jsonl")
    what = reading.plan_paths(logs.store, [logs.folder], "metrics-log")
    gone.unlink()
    summary = reading.read(logs.store, what)
    assert logs.ids() == ["b"]
    assert [Path(each.path).name for each in summary.skipped] == [LOG]


@pytest.mark.parametrize("left", [0, 1, len(line("a")), len(line("a")) + 5])
def test_a_file_that_is_cut_while_it_is_read_is_read_on_when_it_grows(logs: Logs, left: int) -> None:
    text = line("a") + line("b") + line("c")
    path = logs.write(text)
    what = reading.plan_paths(logs.store, [logs.folder], "metrics-log")
    path.write_bytes(text[:left])
    summary = reading.read(logs.store, what)
    assert [each.reason for each in summary.skipped] == ["the file was cut while it was read"]
    logs.write(text + line("d"))
    assert logs.read().skipped == []
    assert logs.ids() == ["a", "b", "c", "d"]
    assert logs.rejects() == []


def test_a_file_that_grows_while_it_is_read_is_read_on(logs: Logs) -> None:
    logs.write(line("a"))
    what = reading.plan_paths(logs.store, [logs.folder], "metrics-log")
    logs.append(line("b"))
    reading.read(logs.store, what)
    logs.read()
    assert logs.ids() == ["a", "b"]


# Pieces


def test_a_large_file_is_read_in_pieces_as_if_it_were_one(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_TASK_BYTES", 1000)
    text = b"".join(line(f"m{n}") + (b"bad\n" if n % 7 == 0 else b"") for n in range(300))
    logs.write(text + line("last")[:30])
    logs.read()
    assert logs.ids() == [f"m{n}" for n in range(300)]
    lines = text.split(b"\n")
    assert [number for _, number, _ in logs.rejects()] == [n for n, each in enumerate(lines, 1) if each == b"bad"]
    logs.append(line("last")[30:] + b"bad\n")
    logs.read()
    assert logs.ids()[300:] == ["last"]
    assert logs.rejects()[-1][1] == len(lines) + 1


@pytest.mark.parametrize("cut", [999, 1000, 1001, 1500, 2001])
def test_an_unfinished_line_of_several_pieces_is_read_when_it_is_whole(
    logs: Logs, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    monkeypatch.setattr(reading, "_TASK_BYTES", 1000)
    text = line("a") + line("b", "x" * 2500) + line("c")
    logs.write(text[:cut])
    assert logs.read().unfinished == 1
    logs.append(text[cut:])
    logs.read()
    assert (logs.ids(), logs.rejects()) == (["a", "b", "c"], [])


# Readings that ended early


def transcripts(folder: Path, files: int = 50) -> None:
    """Sessions whose calls and messages are told in several files and twice."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        session = f"{number:08d}-0000-4000-8000-000000000000"
        lines: list[Line | str] = [
            prompt(number),
            reply(f"m{number}", number + 1, tool_use(f"t{number}"), used=usage(output=1), sessionId=session),
            reply(f"m{number}", number + 2, used=usage(output=number), sessionId=session),
            result(f"t{number - 1}", number + 3, sessionId=session),
            "bad",
            reply(f"m{number // 2}", number // 2 + 1, used=usage(output=1), sessionId=session),
        ]
        (folder / f"{session}.jsonl").write_bytes(transcript(*lines))


def outcome(store: Store) -> tuple[Any, ...]:
    rejects = [(Path(each.path).name, each.line, each.byte_offset) for each in store.rejects()]
    return (*contents(store), rejects)


def small_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task for each file or two, and a commit for each few."""
    monkeypatch.setattr(reading, "_TASK_BYTES", 1500)
    monkeypatch.setattr(storing.Loading, "rows_a_commit", 5)
    monkeypatch.setattr(storing, "_ROWS_TOGETHER", 1, raising=False)


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize("method", ["commit", "add"])
def test_an_interrupted_reading_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, method: str
) -> None:
    transcripts(tmp_path / "logs", 6)
    with Store.in_memory() as store:
        ingest(store, tmp_path / "logs")
        expected = outcome(store)
    small_commits(monkeypatch)
    whole = getattr(Loading, method)
    calls = 0

    def interrupted(*args: Any, **kwargs: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise KeyboardInterrupt
        whole(*args, **kwargs)

    with Store.in_memory() as store:
        with monkeypatch.context() as patch:
            patch.setattr(Loading, method, interrupted)
            with pytest.raises(KeyboardInterrupt):
                ingest(store, tmp_path / "logs")
        ingest(store, tmp_path / "logs")
        assert outcome(store) == expected
        assert ingest(store, tmp_path / "logs").files_read == 0


CHILD = """
    import sys
    from pathlib import Path

    from tachograph.ingest import reader
    from tachograph.store import duckdb
    from tachograph.store.duckdb import Loading, Store

    reader._TASK_BYTES, Loading.rows_a_commit, duckdb._ROWS_TOGETHER = 1500, 5, 1
    commit, commits = Loading.commit, 0

    def signalling(*args):
        global commits
        if WHEN == "before" and commits == COMMITS:
            print("here", flush=True)
            sys.stdin.read()
        commit(*args)
        commits += 1
        if WHEN == "after" and commits == COMMITS:
            print("here", flush=True)
            sys.stdin.read()

    WHEN, COMMITS = sys.argv[3], int(sys.argv[4])
    Loading.commit = signalling
    with Store.open(Path(sys.argv[1])) as store:
        reader.read(store, reader.plan_paths(store, [Path(sys.argv[2])], "claude-code"))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal")
@pytest.mark.parametrize(("when", "commits"), [("after", 1), ("before", 4), ("after", 9)])
def test_a_killed_reading_is_taken_up_again(tmp_path: Path, when: str, commits: int) -> None:
    transcripts(tmp_path / "logs")
    with Store.in_memory() as store:
        ingest(store, tmp_path / "logs")
        expected = outcome(store)
    path = tmp_path / "store"
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(path), str(tmp_path / "logs"), when, str(commits)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        child.kill()
        assert child.wait() == -signal.SIGKILL
    with Store.open(path) as store:
        assert 0 < len(store.files()) < 50
        ingest(store, tmp_path / "logs")
        assert outcome(store) == expected
        assert ingest(store, tmp_path / "logs").files_read == 0
