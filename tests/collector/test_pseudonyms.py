"""A user keeps a pseudonym for as long as the key is kept, whoever asks."""

from __future__ import annotations

import hmac
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.collector.pseudonyms import FILE, Pseudonyms
from tachograph.errors import TachographError
from together import run_together

ASKS = """
import sys
from pathlib import Path
from tachograph.collector.pseudonyms import Pseudonyms
print("ready", flush=True)
sys.stdin.readline()
print(Pseudonyms(Path(sys.argv[1])).of("ana@example.com"))
"""


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text() | st.text(st.characters(categories=["Cs"])), unique=True, min_size=2, max_size=20))
def test_each_user_has_one_and_no_two_the_same(users: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Pseudonyms(Path(folder)), Pseudonyms(Path(folder))
        given_out = [first.of(user) for user in users]
        assert [second.of(user) for user in users] == given_out
        assert len(set(given_out)) == len(users)
        assert all(re.fullmatch("user-[0-9a-f]{16}", pseudonym) for pseudonym in given_out)


def test_it_is_the_hmac_of_the_name_by_the_key_that_is_kept(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("0b" * 32)
    digest = hmac.new(b"\x0b" * 32, "ánà".encode(), "sha256").hexdigest()
    assert Pseudonyms(tmp_path).of("ánà") == f"user-{digest[:16]}"


def test_the_key_is_its_owners_alone_and_another_store_has_another(tmp_path: Path) -> None:
    one, two = (Pseudonyms(tmp_path / name).of("ana") for name in ("one", "two"))
    assert one != two
    assert (tmp_path / "one" / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "one").iterdir()] == [FILE]


def test_processes_that_are_first_at_the_same_time_agree(tmp_path: Path) -> None:
    home = tmp_path / "store"
    said = set(run_together(ASKS, [(str(home),)] * 3))
    assert said == {Pseudonyms(home).of("ana@example.com") + "\n"}


@pytest.mark.parametrize("content", [b"", b"0b" * 31, b"0b" * 33, b"\xff" * 64, b"not a key"])
def test_a_damaged_key_is_an_error_and_never_made_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(TachographError, match="isn't a key"):
        Pseudonyms(tmp_path).of("ana")
    assert (tmp_path / FILE).read_bytes() == content
