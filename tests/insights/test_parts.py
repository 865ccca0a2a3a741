from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tachograph.insights.parts import Amounts, Contribution, of_amount, of_numerator, of_rate, telling


@st.composite
def _amounts(draw: st.DrawFn) -> Amounts:
    before, after = draw(st.integers(0, 1000)), draw(st.integers(0, 1000))
    return Amounts(draw(st.integers(0, before)), before, draw(st.integers(0, after)), after)


GROUPS = st.dictionaries(st.one_of(st.none(), st.text(max_size=3)), _amounts(), min_size=1, max_size=8)


def _by_name(contributions: list[Contribution]) -> dict[str | None, Contribution]:
    return {one.group: one for one in contributions}


@given(GROUPS)
def test_contributions_to_a_sum_add_up_to_its_change(groups: dict[str | None, Amounts]) -> None:
    before = sum(one.part_before for one in groups.values())
    after = sum(one.part_after for one in groups.values())
    told = of_amount(groups)
    assert sum(one.change for one in told) == after - before
    if after != before:
        assert sum(one.share for one in told) == pytest.approx(1)


@given(GROUPS)
def test_contributions_to_a_rate_add_up_to_its_change(groups: dict[str | None, Amounts]) -> None:
    things_before = sum(one.whole_before for one in groups.values())
    things_after = sum(one.whole_after for one in groups.values())
    if not (things_before and things_after):
        return
    before = sum(one.part_before for one in groups.values()) / things_before
    after = sum(one.part_after for one in groups.values()) / things_after
    told = of_rate(groups)
    assert sum(one.change for one in told) == pytest.approx(after - before, abs=1e-12)
    assert all(one.change == (one.mix or 0) + (one.own or 0) for one in told)


def test_a_rate_changes_by_its_own_rates_or_by_the_mix() -> None:
    # Bash fails 10 of 100 and then 30 of 100, Read never: all of the change is Bash's own.
    told = _by_name(of_rate({"Bash": Amounts(10, 100, 30, 100), "Read": Amounts(0, 100, 0, 100)}))
    assert told["Bash"].own == pytest.approx(0.1)
    assert told["Bash"].mix == pytest.approx(0)
    assert told["Bash"].share == pytest.approx(1)
    # Both fail as ever, but there is more of Bash: 75 % of the calls instead of 50 %.
    told = _by_name(of_rate({"Bash": Amounts(20, 100, 30, 150), "Read": Amounts(0, 100, 0, 50)}))
    assert told["Bash"].own == pytest.approx(0)
    assert told["Bash"].mix == pytest.approx(0.25 * (0.2 - 0.1))
    assert told["Read"].mix == pytest.approx(0.25 * 0.1)


def test_groups_that_were_never_there_before_are_told_by_what_they_add() -> None:
    # The sessions of other days take nothing away from today's, as they had the usual rate together.
    told = _by_name(of_rate({"old1": Amounts(2, 100), "old2": Amounts(4, 100), "new": Amounts(0, 0, 30, 100)}))
    assert told["new"].change == pytest.approx(0.30 - 0.03)
    assert told["new"].share == pytest.approx(1)


def test_kinds_of_error_divide_the_errors_and_not_the_things() -> None:
    told = _by_name(of_numerator({"timeout": Amounts(1, 1, 21, 21), None: Amounts(2, 99, 4, 179)}))
    assert told["timeout"].change == pytest.approx(0.105 - 0.01)
    assert told[None].change == pytest.approx(0)


def _shares(**of: tuple[float, float]) -> list[Contribution]:
    return of_amount({name: Amounts(before, 0, after, 0) for name, (before, after) in of.items()})


def test_the_fewest_groups_that_are_four_fifths_of_it_are_told() -> None:
    told = telling(_shares(a=(100, 150), b=(100, 140), c=(100, 105), d=(100, 105)))
    assert [one.group for one in told] == ["a", "b"]


def test_three_groups_are_told_at_most() -> None:
    told = telling(_shares(a=(10, 30), b=(10, 30), c=(10, 30), d=(10, 30), e=(160, 160)))
    assert [one.group for one in told] == ["a", "b", "c"]


def test_what_always_is_most_of_everything_explains_nothing() -> None:
    assert telling(_shares(ana=(100, 300))) == ()
    assert telling(_shares(ana=(90, 270), ben=(10, 30))) == ()


def test_what_is_spread_over_many_explains_nothing() -> None:
    assert telling(_shares(**{str(number): (10, 20) for number in range(10)})) == ()


def test_groups_that_went_the_other_way_are_not_told() -> None:
    told = telling(_shares(a=(10, 60), b=(100, 80)))
    assert [one.group for one in told] == ["a"]
    assert told[0].share == pytest.approx(50 / 30)
    told = telling(_shares(a=(60, 10), b=(80, 85), c=(100, 100)))
    assert [one.group for one in told] == ["a"]
