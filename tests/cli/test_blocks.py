"""`tachograph blocks`: the table, what goes on, and the document."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cli.made_up import metric, write_log
from hostile import history

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command


def going_on(log: Path) -> datetime:
    """Two requests of this hour, or of the one before where this one is very young."""
    now = datetime.now(UTC)
    first, second = now - timedelta(minutes=10), now - timedelta(minutes=5)
    times = (first.isoformat(), second.isoformat(), "2026-03-01T10:00:00Z")
    write_log(
        log, *(metric(time, time, "token_usage", model="m", input_tokens=1000, cost_usd=1) for time in times)
    )  # fmt: skip
    return first


def test_the_last_is_at_the_bottom_and_one_that_goes_on_says_what_it_comes_to(log: Path, tachograph: Command) -> None:
    going_on(log)
    lines = [line.rstrip() for line in tachograph("blocks").out.splitlines()]
    assert lines[0] == "Blocks of five hours, in UTC"
    assert lines[3].startswith("2026-03-01 10:00  15:00")
    assert "  goes on  metrics-log" in lines[4]
    assert lines[5].startswith("metrics-log goes on for ")
    assert " at 400 tokens a minute, $24.00 an hour: that comes to " in lines[5]


def test_only_those_that_go_on_and_only_the_last(log: Path, tachograph: Command) -> None:
    going_on(log)
    (active,) = tachograph("blocks", "--active", "--json").document["blocks"]
    (last,) = tachograph("blocks", "--limit", "1", "--json").document["blocks"]
    assert active["start"] == last["start"]
    assert active["active"]
    assert active["burn"] == {"tokens_per_minute": 400.0, "usd_per_hour": 24.0}
    assert active["projected"]["tokens"] > 2000
    (old,) = tachograph("blocks", "--until", "2026-03-02", "--json").document["blocks"]
    assert (old["active"], old["burn"], old["projected"], old["start"]) == (False, None, None, "2026-03-01T10:00:00+00:00")  # fmt: skip


def test_where_there_are_none_it_says_so(log: Path, tachograph: Command) -> None:
    assert tachograph("blocks", "--active").out.splitlines()[1] == "None goes on now."
    assert "Nothing was used in this range" in tachograph("blocks", "--user", "nobody").out


def test_names_have_no_power_over_the_terminal(log: Path, tachograph: Command) -> None:
    write_log(log, *history())
    out = tachograph("blocks").out
    assert all(line.isprintable() for line in out.splitlines())


def test_what_only_sums_are_kept_of_is_remarked(log: Path, tachograph: Command) -> None:
    tachograph("daily")
    tachograph("retention", "apply", "--delete-detail-after", "1d", "--unread")
    for command in (["blocks"], ["export", "metrics"]):
        assert tachograph(*command).err == "of old metrics only sums are kept: they are left out\n"


def test_mistakes_are_named(log: Path, tachograph: Command) -> None:
    assert "argument --limit" in tachograph("blocks", "--limit", "0").err
    assert "there is no source 'claude'" in tachograph.mistake("blocks", "--source", "claude")
