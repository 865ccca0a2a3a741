"""What of a server's metrics new rows may touch, fetched into the store in which they are settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.columns import BY_REQUEST
from tachograph.store.clickhouse.minutes import WITHOUT_TIME, look_up
from tachograph.store.statements import DAY_US, settling_statements

if TYPE_CHECKING:
    from tachograph.store.clickhouse.connection import Connection
    from tachograph.store.clickhouse.transfer import Transfer
    from tachograph.store.engine import DuckDBPyConnection

_AMONG: Final = "GLOBAL IN (SELECT key FROM {keys})"
_SETTLED: Final = "seq <= {last:Int64}"
_BEST: Final = "LIMIT 1 BY source, type, {of}, coalesce(witness, 0)"
_OWNERS: Final = ("user_id", "project_path", "cwd")
"""What a metric may say of whose its session is."""


class Neighbours:
    """Fetches rows, each once. New rows have numbers beyond `last`."""

    def __init__(self, here: DuckDBPyConnection, transfer: Transfer, there: Connection, last: int) -> None:
        self._here = here
        self._transfer = transfer
        self._there = there
        self._last = last
        self._keys = settling_statements()
        here.execute("SET VARIABLE last = ?", [last])

    def fetch(self, *, witnessed: bool) -> None:
        """Fetches all of them, and keeps how they were; `witnessed` is whether others may tell of the same."""
        if self._last:
            self._fetch_metrics(witnessed=witnessed)
        self._keep("before", f"metrics WHERE seq <= {self._last}")
        self._keep("claims_before", "claims")
        self._keep("starts_before", "claimed_starts")

    def _keep(self, name: str, what: str) -> None:
        self._here.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {what}")

    def _fetch_metrics(self, *, witnessed: bool) -> None:
        self._look_for("ids")
        self._add_of("ids", "id {among}")
        if self._look_for("runs"):
            self._add_of("runs", "type = 'agent_execution' AND agent_run_id {among}")
        if self._look_for("sessions"):
            self._fetch_copies()
        if witnessed:
            self._fetch_witnesses()
        self._fetch_owners()
        if self._there.execute("SELECT 1 FROM condensed_ids LIMIT 1").fetchone():
            self._look_for("hashes")
            self._transfer.fetch("condensed_ids", "hash GLOBAL IN (SELECT toUInt128(key) FROM hashes)")

    def _fetch_witnesses(self) -> None:
        """What is told without an id that others share, and one of each kind that tells better of the same."""
        if self._look_for("requests"):
            told = "(request {among} OR other_request {among})"
            self._add_of("requests", f"(witness IS NULL OR witness = {BY_REQUEST}) AND {told}")
        if self._look_for("sessions"):
            self._add_of("sessions", "session_id {among} AND witness > 0", timed=True)
            self._add_of("sessions", "session_id {among}", _BEST.format(of="session_id"), timed=True)
        if self._look_for("days"):
            of_days = f"intDiv(ts, {DAY_US}) {_AMONG.format(keys='days')}"
            self._add(f"{of_days} AND witness > 0 AND session_id IS NULL")
            self._add(of_days, _BEST.format(of=f"intDiv(ts, {DAY_US})"))

    def _fetch_copies(self) -> None:
        """Sessions that tell of each other's metrics are settled together, and with all that they tell."""
        self._add_claims("ids", "id")
        self._add_claims("sessions", "session_id")
        known = -1
        while known != (known := self._look_for("contested")):  # as long as there are more
            if not known:
                return
            self._add_claims("contested", "session_id")
            self._look_for("claimed")
            self._add_claims("claimed", "id")
        self._look_for("claimed")
        self._add_of("contested", "session_id {among}")
        self._add_of("claimed", "id {among}")
        self._transfer.fetch("claimed_starts", f"session_id {_AMONG.format(keys='contested')}")

    def _fetch_owners(self) -> None:
        """The earliest of the other metrics that says whose a session is, and what condensed ones said."""
        if not self._look_for("touched_sessions"):
            return
        among = _AMONG.format(keys="touched_sessions")
        others = f"{_SETTLED} AND session_id {among} AND ({' OR '.join(f'{name} IS NOT NULL' for name in _OWNERS)})"
        if self._look_for("fetched"):
            others += " AND seq GLOBAL NOT IN (SELECT key FROM fetched)"
        for when in self._when("touched_sessions", timed=True):
            found = self._there.ask(
                f"SELECT session_id, ts, id, {', '.join(_OWNERS)} FROM ({self._there.reading('metrics')})"
                f" WHERE {when} AND {others} ORDER BY ts, id"
                f" LIMIT 1 BY session_id, {', '.join(f'isNull({name})' for name in _OWNERS)}",
                {"last": self._last},
            ).fetchall()
            for row in found:
                self._here.execute("INSERT INTO condensed_owners VALUES (?, ?, ?, ?, ?, ?)", row)
        self._transfer.fetch("condensed_owners", f"session_id {among}")

    def _when(self, keys: str, *, timed: bool = False) -> list[str]:
        """Conditions of time, one of which metrics of those keys meet; with `timed`, only of those that have a time."""
        return [each for each in look_up(self._there, keys) if not (timed and each == WITHOUT_TIME)]

    def _add_of(self, keys: str, condition: str, rest: str = "", *, timed: bool = False) -> None:
        """Adds the metrics that meet a condition in which `{among}` stands for being one of those keys."""
        for when in self._when(keys, timed=timed):
            self._add(f"{when} AND {condition.format(among=_AMONG.format(keys=keys))}", rest)

    def _look_for(self, name: str) -> int:
        """Names keys to the server, by a name; how many."""
        return self._transfer.name_keys(name, self._keys[name])

    def _add(self, condition: str, rest: str = "") -> None:
        """Adds the settled metrics that meet a condition, and aren't there yet."""
        self._keep("incoming", "metrics LIMIT 0")
        self._transfer.fetch("metrics", f"{_SETTLED} AND ({condition}) {rest}", {"last": self._last}, into="incoming")
        self._here.execute("INSERT INTO metrics FROM incoming ANTI JOIN metrics USING (seq)")

    def _add_claims(self, keys: str, column: str) -> None:
        self._keep("incoming", "claims LIMIT 0")
        self._transfer.fetch("claims", f"{column} {_AMONG.format(keys=keys)}", into="incoming")
        self._here.execute("INSERT INTO claims FROM incoming ANTI JOIN claims USING (id, session_id)")
