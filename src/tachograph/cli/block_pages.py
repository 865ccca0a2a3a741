"""Blocks for people: a table, and what becomes of those that go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from tachograph.aggregate.windows import label
from tachograph.cli.pages import new_console, print_table
from tachograph.report.figures import count, dollars, duration, tokens
from tachograph.report.layouts import Column, minute
from tachograph.report.printable import printable
from tachograph.report.zones import zone_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from tachograph.query.blocks import Block

_KINDS: Final = ("input", "output", "cache read", "cache write")


def blocks_page(blocks: Sequence[Block], now_us: int, zone: tzinfo, *, demo: bool, only_active: bool) -> None:
    """The blocks, the last at the bottom."""
    console = new_console()
    whose = "Blocks of five hours of the bundled demo history (made up)" if demo else "Blocks of five hours"
    console.print(Text(f"{whose}, in {printable(zone_name(zone))}", style="bold"))
    if not blocks:
        console.print("None goes on now." if only_active else "Nothing was used in this range, with these filters.")
        return
    print_table(console, _columns(zone, now_us), [{"block": one} for one in blocks])
    for one in blocks:
        for line in going_on(one, now_us):
            console.print(Text(line), soft_wrap=True)


def going_on(block: Block, now_us: int) -> list[str]:
    """How fast a block goes on, and what it comes to; nothing of one that doesn't."""
    if not block.is_active(now_us):
        return []
    left = duration((block.end_us - now_us) / 1000)
    burn, projected = block.burn(), block.projected(now_us)
    if burn is None or projected is None:
        return [f"{printable(block.source)} goes on for {left}; one request tells no speed."]
    speed = f"{tokens(round(burn.tokens_per_minute))} tokens a minute, {dollars(burn.usd_per_hour)} an hour"
    comes_to = f"{tokens(projected.tokens)} tokens, {dollars(projected.cost_usd)}"
    return [f"{printable(block.source)} goes on for {left} at {speed}: that comes to {comes_to}."]


def _columns(zone: tzinfo, now_us: int) -> tuple[Column, ...]:
    def of(show: Callable[[Block], str]) -> Callable[[Any], str]:
        return lambda row: show(row["block"])

    def ended(block: Block) -> str:
        return "goes on" if block.is_active(now_us) else label(block.end_us, zone)[11:16]

    def kind(place: int) -> Callable[[Any], str]:
        return of(lambda block: tokens(block.by_kind[place]))

    bound = {True: "≥", False: ""}
    return (
        Column("from", of(lambda block: minute(label(block.start_us, zone))), "label"),
        Column("to", of(ended), "label"),
        Column("source", of(lambda block: printable(block.source)), "name"),
        Column("requests", of(lambda block: count(block.requests))),
        Column("tokens", of(lambda block: bound[block.is_at_least] + tokens(block.tokens))),
        *(Column(name, kind(place), "detail") for place, name in enumerate(_KINDS)),
        Column("cost", of(lambda block: bound[block.is_at_least] + dollars(block.cost_usd))),
        Column("models", of(lambda block: ", ".join(map(printable, block.models))), "list"),
    )
