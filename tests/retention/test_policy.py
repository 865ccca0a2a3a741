"""What a policy can say, and what is wrong with one that can't be meant."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tachograph.errors import BadPolicy
from tachograph.retention.amounts import size, span
from tachograph.retention.policy import KEYS, DetailPolicy, policy_of
from tachograph.retention.policy_file import EXAMPLE, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from tachograph.retention.policy import Policy


@pytest.mark.parametrize(
    ("text", "hours"), [("12h", 12), ("30d", 720), ("1.5 d", 36), ("2w", 336), ("90min", 1.5), (" 1h ", 1)]
)
def test_spans_of_time(text: str, hours: float) -> None:
    assert span(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "bytes_"), [("5B", 5), ("2GB", 2 * 10**9), ("1.5 kB", 1500), ("2GiB", 2**31), ("1KB", 1000)]
)
def test_sizes(text: str, bytes_: int) -> None:
    assert size(text) == bytes_


@pytest.mark.parametrize(
    "text", ["", "30", "d", "0d", "-1d", "1 month", "1m", "999999999999d", "1e3d", "\u0663d", "inf d"]
)
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        span(text)


@pytest.mark.parametrize("text", ["", "2", "GB", "0B", "0.4B", "-1GB", "2gb", "1 bytes"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        size(text)


def policy(folder: Path, text: str) -> Policy:
    path = folder / "retention.toml"
    path.write_text(text, encoding="utf-8")
    said = read_file(path)
    assert said is not None
    return policy_of(said)


def test_the_example_is_a_policy_and_names_every_key_but_those_with_a_usual_value(tmp_path: Path) -> None:
    example = policy(tmp_path, EXAMPLE)
    assert example.logs.keep_size == 2 * 10**9
    assert example.detail == DetailPolicy(timedelta(days=180))
    named = {(section, name) for section, table in tomllib.loads(EXAMPLE).items() for name in table}
    assert {(key.section, key.name) for key in KEYS} - named == {("logs", "folder"), ("logs", "compress")}


def test_an_empty_policy_wants_nothing(tmp_path: Path) -> None:
    empty = policy(tmp_path, "")
    assert (empty.logs.delete_after, empty.detail) == (None, None)


def test_no_file_is_no_policy(tmp_path: Path) -> None:
    assert read_file(tmp_path / "retention.toml") is None


MISTAKES = (
    ("[logs", "it is not TOML"),
    ("logs = 5", "logs is no section (write [logs] and its keys below)"),
    ("[log]", "there is no [log] in a policy (did you mean logs?)"),
    ("[queue]", "there is no [queue] in a policy (known are logs, store)"),
    ('[logs]\ndelete_afer = "1d"', "there is no logs.delete_afer in a policy (did you mean delete_after?)"),
    ("[logs]\ndelete_after = 5", "logs.delete_after: '5' can't be meant (give a number with min, h, d or w"),
    ('[logs]\ndelete_after = "5"', "logs.delete_after: '5' can't be meant (give a number with min, h, d or w"),
    ('[logs]\nkeep_size = "2 gigs"', "logs.keep_size: '2 gigs' can't be meant (give a number with B, kB, MB"),
    ("[logs]\nkeep_files = true", "logs.keep_files: 'True' can't be meant (give a number of files"),
    ("[logs]\nkeep_files = 0", "logs.keep_files: '0' can't be meant"),
    ('[logs]\ncompress = "lzma"', "'lzma' can't be meant (give zstd or gzip)"),
    ('[logs]\nfolder = "logs"', "'logs' can't be meant (give the whole path of a folder"),
    ('[store]\ndelete_after = "9d"\nresolution = "week"', "'week' can't be meant (give hour, day or month)"),
    ('[store]\ndelete_after = "9d"\ntimezone = "Mars"', "'Mars' can't be meant (give an IANA name"),
    ('[store]\nresolution = "day"', "it says how sums are kept, but not after how long (add delete_after)"),
    ('[logs]\narchive_after = "9d"', "there is no archive (add archive_to)"),
    ('[logs]\narchive_to = "/srv/a"', "nothing is ever moved there (add archive_after, keep_size or keep_files)"),
    ('[logs]\narchive_to = "/a"\narchive_after = "9d"\ndelete_after = "9d"', "delete_after isn't later than archive_after"),
    ('[logs]\ncompress_after = "9d"\ndelete_after = "8d"', "delete_after isn't later than compress_after"),
    ('[logs]\narchive_to = "/a"\narchive_after = "8d"\ncompress_after = "9d"', "archive_after isn't later than compress_after"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_named_with_what_would_be_right(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(BadPolicy) as mistake:
        policy(tmp_path, text)
    assert words in str(mistake.value)
    assert str(mistake.value).startswith(str(tmp_path / "retention.toml"))


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "retention.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadPolicy, match="it is not UTF-8"):
        read_file(tmp_path / "retention.toml")
