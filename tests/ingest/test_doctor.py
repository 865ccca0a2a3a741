"""What the doctor sees, and what it makes again; a store and its copy tell the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from claude_lines import contents, ingest, prompt, reply, result, transcript, usage
from tachograph.errors import StoreUnusable
from tachograph.ingest.doctor import Diagnosis, diagnose, repair
from tachograph.store.copies import StoreCopy
from tachograph.store.duckdb import Store

ROUNDS = int(os.environ.get("TACHOGRAPH_TEST_ROUNDS", "6"))
"""How many damages of a store are tried: hundreds by hand, few in the quick suite, as each is a process or two."""
BAD = '{"type":"assistant"'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "tachograph.duckdb"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "projects"
    folder.mkdir()
    for number in range(4):
        lines = [prompt(number * 100), *(told_of(f"m{number}-{n}", number * 100 + n) for n in range(20))]
        (folder / f"{number}.jsonl").write_bytes(transcript(*lines, BAD))
    return folder


def told_of(message: str, at: float, output: int = 5) -> dict[str, Any]:
    return reply(message, at, used=usage(output=output))


def read(path: Path, logs: Path) -> None:
    with Store.open(path) as store:
        ingest(store, logs)


def everything(path: Path) -> Any:
    """All that questions can be asked about, with the ledger and the rejects."""
    with Store.open(path, read_only=True) as store:
        return contents(store), store.files(), store.rejects()


def told(found: Diagnosis) -> list[str]:
    return [f"{finding.part}: {finding.what}" for finding in found.findings]


def test_a_store_that_is_whole_has_nothing_wrong(path: Path, logs: Path) -> None:
    read(path, logs)
    found = diagnose(path)
    assert (told(found), found.metrics, found.files, found.gone) == ([], 81, 4, 0)


def test_where_there_is_nothing_there_is_nothing_to_look_at(path: Path) -> None:
    with pytest.raises(StoreUnusable, match="no store yet"):
        diagnose(path)


def test_a_store_of_a_newer_version_is_not_damaged(path: Path, logs: Path) -> None:
    read(path, logs)
    with Store.open(path) as store:
        store.connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    with pytest.raises(StoreUnusable, match="newer version"):
        diagnose(path)


def test_a_store_that_another_program_holds_is_not_damaged(
    path: Path, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(path, logs)
    hold = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        monkeypatch.setattr("tachograph.store.connections._BUSY_SECONDS", 0.1)
        monkeypatch.setattr(sys, "executable", "")  # so that it is looked at by this very process
        with pytest.raises(StoreUnusable, match="another process has held it"):
            diagnose(path)
        holder.communicate()


@pytest.mark.parametrize("logs_are_there", [True, False])
def test_a_store_that_is_gone_is_made_again_from_its_copy(path: Path, logs: Path, logs_are_there: bool) -> None:
    read(path, logs)
    before = everything(path)
    if not logs_are_there:
        rmtree(logs)
    path.unlink()
    found = diagnose(path)
    assert told(found) == ["store: there is no store"]
    assert repair(path, found) == ["made the store again from its copy: 81 metrics"]
    assert everything(path) == before
    assert told(diagnose(path)) == []


def test_whoever_opens_it_next_makes_it_again_too(path: Path, logs: Path) -> None:
    read(path, logs)
    before = everything(path)
    rmtree(logs)
    path.unlink()
    Store.open(path).close()
    assert everything(path) == before


def test_the_copy_grows_with_each_reading(path: Path, logs: Path) -> None:
    read(path, logs)
    with (logs / "0.jsonl").open("ab") as handle:
        handle.write(transcript(told_of("m0-19", 30, output=9), result("t", 31)))
    (logs / "1.jsonl").rename(logs / "moved.jsonl")
    (logs / "2.jsonl").write_bytes(transcript(told_of("rewritten", 5)))
    read(path, logs)
    before = everything(path)
    path.unlink()
    repair(path, diagnose(path))
    assert everything(path) == before
    with (logs / "0.jsonl").open("ab") as handle:
        handle.write(transcript(told_of("later", 40)))
    read(path, logs)
    again = everything(path)
    path.unlink()
    repair(path, diagnose(path))
    assert everything(path) == again


def test_a_damaged_store_is_seen_and_made_again(path: Path, logs: Path) -> None:
    read(path, logs)
    before = everything(path)
    good = path.read_bytes()
    copytree(path.parent, path.parent.with_name("kept"))
    rmtree(logs)
    chance = random.Random(ROUNDS)
    seen = 0
    for _ in range(ROUNDS):
        offset, kind = chance.randrange(len(good)), chance.choice(["cut", "flipped", "zeroed"])
        rmtree(path.parent)
        copytree(path.parent.with_name("kept"), path.parent)
        path.write_bytes(_damaged(good, offset, kind))
        found = diagnose(path)
        if found.parts():
            seen += 1
            repair(path, found)
        assert everything(path) == before, (offset, kind)  # what isn't seen is in bytes that hold nothing
    assert seen > 0


def _damaged(good: bytes, offset: int, kind: str) -> bytes:
    if kind == "cut":
        return good[:offset]
    if kind == "flipped":
        return good[:offset] + bytes([good[offset] ^ 0xFF]) + good[offset + 1 :]
    return good[:offset] + bytes(min(512, len(good) - offset)) + good[offset + 512 :]


def test_a_write_ahead_log_that_was_cut_is_made_up_for(path: Path, logs: Path) -> None:
    read(path, logs)
    program = f"""
import os, signal
from pathlib import Path
from claude_lines import ingest
from tachograph.store.duckdb import Store
store = Store.open(Path({str(path)!r}))
ingest(store, Path({str(logs)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    (logs / "new.jsonl").write_bytes(transcript(*(told_of(f"new{n}", 500 + n) for n in range(5))))
    tests = str(Path(__file__).parents[1])
    killed = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": tests}, check=False)
    assert killed.returncode == -signal.SIGKILL
    wal = path.with_name("tachograph.duckdb.wal")
    wal.write_bytes(wal.read_bytes()[: wal.stat().st_size // 2])
    rmtree(logs)
    with Store.open(path) as store:
        assert store.metrics_count() == 81 + 5


def test_a_store_that_is_older_than_its_copy_is_made_again(path: Path, logs: Path) -> None:
    read(path, logs)
    with Store.open(path) as store:
        store.connection.execute("CHECKPOINT")
    old = path.read_bytes()
    (logs / "later.jsonl").write_bytes(transcript(told_of("later", 500)))
    read(path, logs)
    with Store.open(path) as store:
        store.bring_copy_up_to_date()
    before = everything(path)
    rmtree(logs)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    path.write_bytes(old)
    Store.open(path).close()
    assert everything(path) == before


def test_a_damaged_copy_is_seen_and_made_again_from_the_store(path: Path, logs: Path) -> None:
    read(path, logs)
    before = everything(path)
    copy = StoreCopy(path)
    journal = copy.journal(1)
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 1
    journal.write_bytes(data)
    found = diagnose(path)
    assert [finding.part for finding in found.findings] == ["copy"]
    assert repair(path, found) == ["made the copy again from the store"]
    assert told(diagnose(path)) == []
    assert copy.newest() == 2
    assert [file.name for file in copy.folder.glob("*.damaged")] == ["000001.journal.damaged"]
    path.unlink()
    repair(path, diagnose(path))
    assert everything(path) == before
    (logs / "new.jsonl").write_bytes(transcript(told_of("new", 500)))
    read(path, logs)
    after = everything(path)
    path.unlink()
    rmtree(logs)
    repair(path, diagnose(path))
    assert everything(path) == after


def test_a_copy_that_is_missing_or_short_is_begun_anew_by_the_next_reading(path: Path, logs: Path) -> None:
    read(path, logs)
    rmtree(StoreCopy(path).folder)
    assert told(diagnose(path)) == ["copy: there is no copy of the store"]
    (logs / "new.jsonl").write_bytes(transcript(told_of("new", 500)))
    read(path, logs)
    assert told(diagnose(path)) == []
    before = everything(path)
    rmtree(logs)
    path.unlink()
    repair(path, diagnose(path))
    assert everything(path) == before


def test_where_both_are_damaged_the_logs_that_are_there_are_read_again(path: Path, logs: Path) -> None:
    read(path, logs)
    (logs / "new.jsonl").write_bytes(transcript(told_of("new", 500)))
    read(path, logs)
    before = everything(path)
    journal = StoreCopy(path).journal(1)
    data = bytearray(journal.read_bytes())
    data[60] ^= 1
    journal.write_bytes(data)
    path.write_bytes(b"nothing like a database")
    done = repair(path, diagnose(path))
    assert len(done) == 2
    assert "could not be used" in done[1]
    read(path, logs)
    assert everything(path)[0] == before[0]
    assert sorted(map(str, everything(path)[2])) == sorted(map(str, before[2]))
    assert told(diagnose(path)) == []


def test_files_that_were_changed_are_told(path: Path, logs: Path) -> None:
    read(path, logs)
    (logs / "0.jsonl").write_bytes(b"{}\n")
    (logs / "1.jsonl").write_bytes((logs / "1.jsonl").read_bytes().replace(b"m1-0", b"m9-0"))
    (logs / "2.jsonl").unlink()
    found = diagnose(path)
    assert [finding.part for finding in found.findings] == ["ledger", "ledger"]
    assert (found.gone, found.parts()) == (1, set())


def test_damaged_lines_of_a_metrics_log_are_told(path: Path, tmp_path: Path) -> None:
    log = tmp_path / "metrics_20260301_090000.jsonl"
    good = '{"id":"%s","timestamp":"2026-03-01T09:00:00Z","type":"tool_use"}\n'
    log.write_text(good % "a" + "torn{\n" + good % "b" + '{"id":"c"')
    Store.open(path).close()
    first, second = told(diagnose(path, [str(log)]))
    assert first.startswith("log: line 2 (byte 64): not")
    assert second == "log: its last 9 bytes are no whole line"


def test_a_rebuilding_that_is_killed_leaves_what_was_there(path: Path, logs: Path) -> None:
    read(path, logs)
    before = everything(path)
    rmtree(logs)
    path.unlink()
    program = f"""
import os, signal
from pathlib import Path
from tachograph.store import rebuild
rebuild.set_aside = lambda store: os.kill(os.getpid(), signal.SIGKILL)
rebuild.rebuild(Path({str(path)!r}))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    repair(path, diagnose(path))
    assert everything(path) == before
