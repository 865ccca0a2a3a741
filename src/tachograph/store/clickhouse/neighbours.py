"""What of a server's metrics new rows may touch, fetched into the store in which they are settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.columns import BY_REQUEST
from tachograph.store.statements import DAY_US, settling_statements

if TYPE_CHECKING:
    from tachograph.store.clickhouse.connection import Connection
    from tachograph.store.clickhouse.transfer import Transfer
    from tachograph.store.engine import DuckDBPyConnection

_AMONG: Final = "GLOBAL IN (SELECT key FROM {keys})"
_SETTLED: Final = "seq <= {last:Int64}"
_BEST: Final = "LIMIT 1 BY source, type, {of}, coalesce(witness, 0)"
_OWNERS: Final = {
    "user_id": "user_id, NULL, NULL",
    "project_path": "NULL, project_path, NULL",
    "cwd": "NULL, NULL, cwd",
}
"""What a metric may say of whose its session is, as the columns user, project and folder."""


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
        self._add(f"id {_AMONG.format(keys='ids')}")
        if self._look_for("runs"):
            self._add(f"type = 'agent_execution' AND agent_run_id {_AMONG.format(keys='runs')}")
        if self._look_for("sessions"):
            self._fetch_copies()
        if witnessed:
            self._fetch_witnesses()
        self._fetch_owners()
        if self._there.execute("SELECT 1 FROM condensed_ids LIMIT 1").fetchone():
            self._look_for("hashes")
            self._transfer.fetch("condensed_ids", f"toString(hash) {_AMONG.format(keys='hashes')}")

    def _fetch_witnesses(self) -> None:
        """What is told without an id that others share, and one of each kind that tells better of the same."""
        if self._look_for("requests"):
            among = _AMONG.format(keys="requests")
            told = f"(request {among} OR other_request {among})"
            self._add(f"(witness IS NULL OR witness = {BY_REQUEST}) AND {told}")
        if self._look_for("sessions"):
            of_sessions = f"ts IS NOT NULL AND session_id {_AMONG.format(keys='sessions')}"
            self._add(f"{of_sessions} AND witness > 0")
            self._add(of_sessions, _BEST.format(of="session_id"))
        if self._look_for("days"):
            of_days = f"ts IS NOT NULL AND intDiv(ts, {DAY_US}) {_AMONG.format(keys='days')}"
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
        self._add(f"session_id {_AMONG.format(keys='contested')} OR id {_AMONG.format(keys='claimed')}")
        self._transfer.fetch("claimed_starts", f"session_id {_AMONG.format(keys='contested')}")

    def _fetch_owners(self) -> None:
        """The earliest of the other metrics that says whose a session is, and what condensed ones said."""
        if not self._look_for("touched_sessions"):
            return
        among = _AMONG.format(keys="touched_sessions")
        others = f"{_SETTLED} AND ts IS NOT NULL AND session_id {among}"
        if self._look_for("fetched"):
            others += " AND seq GLOBAL NOT IN (SELECT key FROM fetched)"
        for name, said in _OWNERS.items():
            found = self._there.ask(
                f"SELECT session_id, ts, id, {said} FROM ({self._there.reading('metrics')})"
                f" WHERE {others} AND {name} IS NOT NULL ORDER BY ts, id LIMIT 1 BY session_id",
                {"last": self._last},
            ).fetchall()
            for row in found:
                self._here.execute("INSERT INTO condensed_owners VALUES (?, ?, ?, ?, ?, ?)", row)
        self._transfer.fetch("condensed_owners", f"session_id {among}")

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
