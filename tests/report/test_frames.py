"""Results as tables of other libraries."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cli.made_up import metric
from report.asked import aggregations, queried
from tachograph import TachographError


def test_the_rows_of_an_aggregation_are_a_table_of_arrow() -> None:
    (days,) = aggregations("daily")
    table = days.to_arrow()
    assert table.schema.field("timestamp").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("metrics_count").type == pa.int64()
    assert table.schema.field("cost_usd").type == pa.float64()
    assert table.schema.field("cost_at_least").type == pa.bool_()
    assert table.column("tokens").to_pylist() == [row["tokens"] for row in days.time_series]
    assert table.column("timestamp").to_pylist()[0] == datetime(2026, 3, 1, tzinfo=UTC)


def test_what_has_no_value_stays_without_one() -> None:
    answer = queried(by=("type",), measures=("count", "duration_avg"))
    missing = [row["duration_avg"] is None for row in answer.rows]
    assert any(missing)
    assert [value is None for value in answer.to_arrow().column("duration_avg").to_pylist()] == missing
    assert answer.to_polars()["duration_avg"].is_null().to_list() == missing
    assert answer.to_pandas()["duration_avg"].isna().to_list() == missing


def test_polars_and_pandas_have_the_same_rows() -> None:
    (sessions,) = aggregations("by_session")
    frame, other = sessions.to_polars(), sessions.to_pandas()
    assert frame.schema["start_time"] == pl.Datetime("us", "UTC")
    assert frame.schema["metrics_count"] == pl.Int64
    assert str(other["start_time"].dtype) == "datetime64[us, UTC]"
    assert str(other["metrics_count"].dtype) == "Int64"
    assert isinstance(other["session_id"].dtype, pd.StringDtype)
    assert frame["session_id"].to_list() == other["session_id"].to_list() == ["s2", "s3"]
    assert frame["tool_uses"].to_list() == ['{"Bash": 2, "Read": 1}', "{}"]
    assert frame["tokens"].to_list() == other["tokens"].to_list() == [row["tokens"] for row in sessions.time_series]


def test_without_rows_there_are_columns() -> None:
    (days,) = aggregations("daily", lines=["{}"])
    assert days.to_arrow().num_rows == days.to_polars().height == len(days.to_pandas()) == 0
    assert days.to_arrow().column_names == days.to_polars().columns == list(days.to_pandas().columns)


def test_a_sum_beyond_64_bits_is_told() -> None:
    lines = [metric(f"m{n}", "2026-03-01T10:00:00Z", token_count=2**63 - 1) for n in range(2)]
    (days,) = aggregations("daily", lines=lines)
    for convert in (days.to_arrow, days.to_polars, days.to_pandas):
        with pytest.raises(TachographError, match="beyond the 64 bits"):
            convert()


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (days,) = aggregations("daily")
    for name, convert in (("pyarrow", days.to_arrow), ("polars", days.to_polars), ("pandas", days.to_pandas)):
        monkeypatch.setitem(__import__("sys").modules, name, None)
        with pytest.raises(TachographError, match=rf"{name} isn't installed \(pip install {name}\)"):
            convert()
