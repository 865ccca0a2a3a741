"""`tachograph keys`: made, listed and revoked, and a secret is told once."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tachograph.collector.keys import FILE, Keys

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


def test_create_prints_the_key_alone_on_stdout(tachograph: Command, store_file: Path) -> None:
    said = tachograph("keys", "create", "--scope", "write", "--scope", "read", "--tenant", "acme", "--label", "CI")
    assert said.code == 0
    assert re.fullmatch(r"tg_[0-9a-f]{8}_[0-9a-f]{64}\n", said.out)
    assert said.out.strip() not in said.err
    key = Keys(store_file.parent).find(said.out.strip())
    assert key is not None
    assert (key.tenant, key.scopes, key.label) == ("acme", frozenset({"write", "read"}), "CI")
    assert f"key {key.id} of acme, which may write,read" in said.err


def test_a_shell_can_keep_the_key_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ci.key"
    with file.open("w") as out:
        command = [
            sys.executable,
            "-m",
            "tachograph",
            "keys",
            "create",
            "--scope",
            "write",
            "--home",
            str(tmp_path / "h"),
        ]
        subprocess.run(command, stdout=out, stderr=subprocess.PIPE, check=True, timeout=60)
    assert Keys(tmp_path / "h").find(file.read_text().strip()) is not None


def test_list_shows_all_but_the_secret_and_its_digest(tachograph: Command, store_file: Path) -> None:
    assert "There are no keys" in tachograph("keys", "list").out
    assert tachograph("keys", "list", "--json").document == []
    secret = tachograph("keys", "create", "--scope", "read", "--label", "Ana").out.strip()
    other = tachograph("keys", "create", "--scope", "admin", "--scope", "write").out.strip()
    identity = secret.split("_")[1]
    tachograph("keys", "revoke", identity)
    table, document = tachograph("keys", "list").out, tachograph("keys", "list", "--json").document
    assert [row["id"] for row in document] == [identity, other.split("_")[1]]
    assert (document[0]["label"], document[0]["scopes"], document[1]["revoked"]) == ("Ana", ["read"], None)
    assert document[0]["revoked"].startswith("20")
    assert [line.split()[:3] for line in table.splitlines()] == [
        ["id", "tenant", "scopes"],
        [identity, "default", "read"],
        [other.split("_")[1], "default", "write,admin"],
    ]
    digests = re.findall(r"[0-9a-f]{64}", (store_file.parent / FILE).read_text())
    assert len(digests) == 2
    assert not any(hidden in f"{table}{document}" for hidden in (*digests, secret[12:], other[12:]))


def test_revoke_says_whether_it_changed_anything(tachograph: Command) -> None:
    first, second = (tachograph("keys", "create", "--scope", "read").out.split("_")[1] for _ in range(2))
    said = tachograph("keys", "revoke", first)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Revoked key {first}")
    assert f"Key {first} of default was revoked already, at 20" in tachograph("keys", "revoke", first).out
    assert "No other key is left" in tachograph("keys", "revoke", second).err
    assert "there is no key 00" in tachograph.mistake("keys", "revoke", "00")


def test_a_whole_key_in_place_of_an_id_is_not_repeated(tachograph: Command) -> None:
    secret = tachograph("keys", "create", "--scope", "read").out.strip()
    assert secret not in tachograph.mistake("keys", "revoke", secret)


def test_a_damaged_file_is_told_with_its_place(tachograph: Command, store_file: Path) -> None:
    store_file.parent.mkdir()
    path = store_file.parent / FILE
    path.write_text("{")
    for arguments in (["list"], ["create", "--scope", "read"], ["revoke", "00"]):
        assert str(path) in tachograph.mistake("keys", *arguments)


def test_options_that_do_not_go_together_are_refused(tachograph: Command) -> None:
    for arguments, why in (
        (["create"], "--scope says what the key allows: write, read, admin"),
        (["create", "--scope", "all"], "invalid choice: 'all'"),
        (["list", "--scope", "read"], "go with create"),
        (["create", "--scope", "read", "--json"], "--json goes with list"),
        (["revoke"], "an ID goes with revoke"),
        (["list", "00"], "an ID goes with revoke"),
    ):
        said = tachograph("keys", *arguments)
        assert (said.code, said.out) == (2, "")
        assert why in said.err
    assert "can't be a tenant's name" in tachograph.mistake("keys", "create", "--scope", "read", "--tenant", "A/B")
