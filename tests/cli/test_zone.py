from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from tachograph.cli.zone import system_zone
from tachograph.report.zones import zone_name

ROME = ZoneInfo("Europe/Rome")
ROME_FILE = next((path for folder in TZPATH if (path := Path(folder) / "Europe/Rome").exists()), None)


@pytest.mark.parametrize(
    ("named", "zone"),
    [
        ("Europe/Rome", ROME),
        (":Europe/Rome", ROME),
        ("/usr/share/zoneinfo/Europe/Rome", ROME),
        (":/usr/share/zoneinfo/Europe/Rome", ROME),
        ("", UTC),
        ("UTC", UTC),
        ("Etc/UTC", UTC),
        ("CET-1CEST", None),
        ("Mars/Olympus", None),
        ("/no/such/file", None),
    ],
)
def test_the_variable_comes_first(named: str, zone: object, tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert system_zone({"TZ": named}, tmp_path) == zone


def test_then_the_link(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("../usr/share/zoneinfo/Europe/Rome")
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert system_zone({}, tmp_path) == ROME


def test_then_the_file_with_the_name(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Europe/Rome\n")
    assert system_zone({}, tmp_path) == ROME


@pytest.mark.skipif(ROME_FILE is None, reason="this system has no zone files")
def test_then_a_copy_of_the_zones_rules(tmp_path: Path) -> None:
    assert ROME_FILE is not None
    (tmp_path / "localtime").write_bytes(ROME_FILE.read_bytes())
    zone = system_zone({}, tmp_path)
    assert zone is not None
    assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() == timedelta(hours=2)
    assert zone_name(zone) == "local time"


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe", b"Mars/Olympus"])
def test_else_it_is_utc(damaged: bytes, tmp_path: Path) -> None:
    assert system_zone({}, tmp_path) is UTC
    (tmp_path / "timezone").write_bytes(damaged)
    (tmp_path / "localtime").write_bytes(damaged)
    assert system_zone({}, tmp_path) is UTC
