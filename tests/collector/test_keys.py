"""Keys are found by their whole text alone, and no damage of their file makes them none."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tachograph.collector.keys import FILE, Keys, KeysUnusable
from tachograph.errors import TachographError
from together import run_together

if TYPE_CHECKING:
    from pathlib import Path

CREATES = """
import sys
from pathlib import Path
from tachograph.collector.keys import Keys
keys = Keys(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    print(keys.create("default", ["write"], f"{sys.argv[2]}-{number}", number)[1], flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_there_are_none_before_the_first(home: Path) -> None:
    keys = Keys(home)
    assert (keys.is_empty(), keys.all(), keys.find("tg_00000000_" + "0" * 64)) == (True, [], None)
    assert not home.exists()


def test_a_key_is_found_by_its_text_and_says_what_it_is_for(home: Path) -> None:
    made, secret = Keys(home).create("acme", ["write", "read"], "CI", 1_700_000_000_000_000)
    keys = Keys(home)
    assert keys.find(secret) == made
    assert (made.tenant, made.scopes, made.label, made.created_us, made.revoked_us) == (
        "acme", frozenset({"write", "read"}), "CI", 1_700_000_000_000_000, None,
    )  # fmt: skip
    assert not keys.is_empty()


def test_a_secret_has_256_bits_and_only_their_digest_is_kept_for_its_owner_alone(home: Path) -> None:
    _, secret = Keys(home).create("default", ["read"], "", 0)
    random = secret.rpartition("_")[2]
    text = (home / FILE).read_text()
    assert len(bytes.fromhex(random)) * 8 == 256
    assert random not in text
    assert sha256(random.encode()).hexdigest() in text
    assert (home / FILE).stat().st_mode & 0o777 == 0o600


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_what_is_not_the_whole_text_finds_nothing(tmp_path: Path, data: st.DataObject) -> None:
    home = tmp_path / "once"
    if not home.exists():
        (tmp_path / "secret").write_text(Keys(home).create("default", ["read"], "", 0)[1])
    secret = (tmp_path / "secret").read_text()
    at = data.draw(st.integers(0, len(secret) - 1))
    letter = data.draw(st.characters())
    other = data.draw(
        st.sampled_from([secret[:at], secret[at + 1 :], secret + letter, secret[:at] + letter + secret[at + 1 :]])
        | st.text()
    )
    assert (Keys(home).find(other) is not None) == (other == secret)


def test_a_revoked_key_is_found_no_more_and_stays_revoked(home: Path) -> None:
    keys = Keys(home)
    made, secret = keys.create("default", ["read"], "", 0)
    _, other = keys.create("default", ["read"], "", 0)
    before, changed = keys.revoke(made.id, 5)
    assert (before.revoked_us, changed) == (None, True)
    assert (keys.find(secret), keys.is_empty()) == (None, False)
    again, changed = keys.revoke(made.id, 9)
    assert (again.revoked_us, changed) == (5, False)
    found = keys.find(other)
    assert found is not None
    keys.revoke(found.id, 9)
    assert keys.is_empty()
    assert [key.revoked_us for key in keys.all()] == [5, 9]


def test_what_another_process_changed_is_seen_at_once(home: Path) -> None:
    server, command = Keys(home), Keys(home)
    assert server.is_empty()
    made, secret = command.create("default", ["read"], "", 0)
    assert server.find(secret) == made
    command.revoke(made.id, 1)
    assert server.find(secret) is None
    assert server.is_empty()


def test_two_processes_that_create_at_the_same_time_lose_nothing(home: Path) -> None:
    said = run_together(CREATES, [(str(home), name) for name in ("one", "two")])
    secrets = [secret for each in said for secret in each.split()]
    keys = Keys(home)
    found = [keys.find(secret) for secret in secrets]
    assert {key.label for key in found if key} == {
        f"{name}-{number}" for name in ("one", "two") for number in range(10)
    }
    assert len(keys.all()) == 20
    assert sorted(path.name for path in home.iterdir()) == [f".{FILE}.lock", FILE]


GOOD = {"id": "00000001", "tenant": "default", "scopes": ["read"], "label": "", "created_us": 0, "revoked_us": None, "sha256": "0" * 64}  # fmt: skip
DAMAGED = (
    b"",
    b"{}",
    b"null",
    b'{"version": 1, "keys": [',
    b"\xff\xfe",
    b"\x00" * 300,
    json.dumps({"version": 2, "keys": []}).encode(),
    json.dumps({"version": 1, "keys": [GOOD | {"scopes": ["all"]}]}).encode(),
    json.dumps({"version": 1, "keys": [GOOD | {"sha256": "short"}]}).encode(),
    json.dumps({"version": 1, "keys": [GOOD | {"sha256": "é" * 64}]}).encode(),
    json.dumps({"version": 1, "keys": [GOOD, GOOD]}).encode(),
    json.dumps({"version": 1, "keys": [GOOD | {"revoked": True}]}).encode(),
    json.dumps({"version": 1, "keys": [], "disabled": True}).encode(),
    b'{"version": 1, "keys": ' + b"[" * 100_000,
)


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("was_good", [True, False])
def test_a_damaged_file_is_an_error_and_stays_as_it_is(home: Path, content: bytes, was_good: bool) -> None:
    keys = Keys(home)
    home.mkdir()
    if was_good:
        keys.create("default", ["read"], "", 0)
    (home / FILE).write_bytes(content)
    for ask in (
        keys.is_empty,
        lambda: keys.find("tg_00000001_0"),
        keys.all,
        lambda: keys.create("default", ["read"], "", 0),
        lambda: keys.revoke("00000001", 0),
    ):
        with pytest.raises(KeysUnusable) as refused:
            ask()
        assert refused.value.where == str(home / FILE)
        assert refused.value.mend
    assert (home / FILE).read_bytes() == content


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_cut_or_flipped_byte_turns_keys_into_none(tmp_path: Path, data: st.DataObject) -> None:
    home = tmp_path / "damaged"
    home.mkdir(exist_ok=True)
    (home / FILE).unlink(missing_ok=True)
    Keys(home).create("default", ["read"], "", 0)
    content = (home / FILE).read_bytes()
    at = data.draw(st.integers(0, len(content) - 2))
    flipped = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    (home / FILE).write_bytes(data.draw(st.sampled_from([content[:at], flipped])))
    with suppress(KeysUnusable):
        assert not Keys(home).is_empty()


def test_a_file_that_is_gone_is_an_error_for_who_has_seen_it(home: Path) -> None:
    keys = Keys(home)
    keys.create("default", ["read"], "", 0)
    content = (home / FILE).read_bytes()
    (home / FILE).unlink()
    with pytest.raises(KeysUnusable, match="was there"):
        keys.is_empty()
    (home / FILE).write_bytes(content)
    assert not keys.is_empty()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may read everything is never refused")
def test_a_file_that_may_not_be_read_is_an_error(home: Path) -> None:
    Keys(home).create("default", ["read"], "", 0)
    (home / FILE).chmod(0)
    with pytest.raises(KeysUnusable, match="can't be read"):
        Keys(home).is_empty()


def test_a_folder_in_its_place_is_an_error(home: Path) -> None:
    (home / FILE).mkdir(parents=True)
    with pytest.raises(KeysUnusable, match="can't be read"):
        Keys(home).is_empty()


@pytest.mark.parametrize(
    ("tenant", "scopes", "label", "why"),
    [
        ("../other", ["read"], "", "can't be a tenant's name"),
        ("default", [], "", "a key without a scope"),
        ("default", ["read"], "a\x1b[2J", "can't be a label"),
        ("default", ["read"], "a" * 201, "can't be a label"),
    ],
)
def test_what_no_key_can_be_made_of_is_refused(
    home: Path, tenant: str, scopes: list[str], label: str, why: str
) -> None:
    with pytest.raises(TachographError, match=why):
        Keys(home).create(tenant, scopes, label, 0)  # type: ignore[arg-type]
    assert Keys(home).is_empty()


def test_a_key_that_is_not_there_cannot_be_revoked(home: Path) -> None:
    with pytest.raises(TachographError, match="there is no key 12345678"):
        Keys(home).revoke("12345678", 0)
