"""What a cluster takes for so many metrics a year, worked out from what was measured on one machine.

usage: uv run bench/cluster_plan.py [--metrics N] [--retention-days N] …

Every number that it is given has a default that was measured (docs/scale.md); none of what it prints was run on a
cluster. How often a byte is written again is played through: inserts of a minute become parts ten times as large, again
and again, until a month is one part, or as large as parts become (150 GB).
"""

from __future__ import annotations

import math
from typing import Final

from options import parser_of, positive

_SECONDS_A_YEAR: Final = 365 * 86_400
_TERABYTE: Final = 1e12
_LARGEST_PART: Final = 150e9
_MERGED_AT_ONCE: Final = 10
"""About so many parts of about the same size become one."""


def main() -> None:
    """Prints the plan."""
    parser = parser_of(__doc__)
    parser.add_argument("--metrics", type=positive, default=10**12, help="a year (default: 10^12)")
    parser.add_argument("--bytes", type=float, default=46.0, help="a metric takes on the disk")
    parser.add_argument("--settled", type=positive, default=25_000, help="rows a second that one writer settles")
    parser.add_argument("--scanned", type=positive, default=5_000_000, help="rows a second that one core aggregates")
    parser.add_argument("--peak", type=float, default=4.0, help="the busiest hour, in averages")
    parser.add_argument("--cores", type=positive, default=32, help="of a node")
    parser.add_argument("--disk-tb", type=float, default=8.0, help="of a node, of which 60 %% are filled")
    parser.add_argument("--days", type=positive, default=365, help="for how many days metrics are kept one by one")
    parser.add_argument("--seconds", type=float, default=1.0, help="that a question about 30 days may take")
    asked = parser.parse_args()
    average = asked.metrics / _SECONDS_A_YEAR
    kept = asked.metrics * asked.days / 365
    size = kept * asked.bytes
    by_disk = math.ceil(size / (asked.disk_tb * 0.6 * _TERABYTE))
    month = asked.metrics / 12
    by_scan = math.ceil(month / (asked.scanned * asked.cores * asked.seconds))
    writers = math.ceil(average * asked.peak / asked.settled)
    shards = max(by_disk, by_scan, 1)
    rewritten = _written_again(asked.metrics * asked.bytes / shards)
    print(f"{average:,.0f} metrics a second on average, {average * asked.peak:,.0f} in the busiest hour")
    print(f"{asked.metrics / 365:,.0f} metrics and {asked.metrics / 365 * asked.bytes / 1e9:,.0f} GB a day")
    print(f"{size / _TERABYTE:,.1f} TB for {asked.days} days, in each of two replicas")
    print(f"writers that settle: {writers} (each for tenants of its own)")
    print(f"shards: {by_disk} for the disk, {by_scan} for 30 days of all tenants in {asked.seconds:g} s; so {shards}")
    print(f"nodes with two replicas: {2 * shards}")
    rate = average * asked.bytes * rewritten / shards / 1e6
    print(f"a byte is written {rewritten:.1f} times, with merges: {rate:,.1f} MB/s a node")


def _written_again(a_year: float) -> float:
    """How often a byte of a shard is written: from inserts of a minute until its month is one part, or too large."""
    part, written = a_year / (365 * 24 * 60), 1
    while part * _MERGED_AT_ONCE < min(_LARGEST_PART, a_year / 12):
        part *= _MERGED_AT_ONCE
        written += 1
    return written + 1.0


if __name__ == "__main__":
    main()
