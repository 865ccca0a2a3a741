import { useAnswer } from "../data";
import { askedQuery, narrow, usePage } from "../page";
import { type Column, measureColumn, nameColumn, numberColumn, withBar } from "../parts/columns";
import { OverTime } from "../parts/overtime";
import { Split } from "../parts/split";
import { Strip } from "../parts/strip";
import { TableCard } from "../parts/tablecard";
import type { QueryAnswer, QueryRow } from "../shapes";
import { addressOf, go } from "../state";

const SERIES = 7;
const SESSIONS = 100;
const NONE = "No errors in this range, with these filters.";

/** What fails: kinds of errors over time, in which tools, in which sessions. */
export function ErrorsView() {
  const page = usePage();
  const errors = "type=error_occurred";
  const more = { fill: true, limit: SERIES, other: true, page_size: 20_000, where: errors };
  const time = useAnswer<QueryAnswer>(
    askedQuery(page, ["errors"], [page.window, "error_type"], more),
    page.window,
  );
  const kinds = useAnswer<QueryAnswer>(
    askedQuery(page, ["errors", "sessions"], ["error_type"], { where: errors }),
  );
  const tools = useAnswer<QueryAnswer>(
    askedQuery(page, ["failure_count"], ["tool", "error_type"], { where: "outcome=failure" }),
  );
  const sessions = useAnswer<QueryAnswer>(
    askedQuery(page, ["errors", "failure_count", "count"], ["session"], {
      order: "errors,failure_count",
      limit: SESSIONS,
      where: "outcome=failure",
    }),
  );
  const kind = (row: QueryRow) => String(row.error_type);
  const session = (row: QueryRow) => String(row.session);
  const ofKinds = (rows: QueryRow[]): Column<QueryRow>[] => [
    nameColumn("error", kind, (row) => narrow(page, "error", kind(row)), "Only this kind"),
    withBar(
      numberColumn("errors", "times", (row) => row.errors ?? 0),
      rows,
    ),
    numberColumn("sessions", "sessions", (row) => row.sessions ?? 0),
  ];
  const look = (row: QueryRow) =>
    go(addressOf(page.state, { view: "sessions", session: session(row), more: {} }));
  const ofSessions = (rows: QueryRow[]): Column<QueryRow>[] => [
    nameColumn("session", session, look, "Look into this session"),
    withBar(
      measureColumn<QueryRow>("errors", (row) => row.errors),
      rows,
    ),
    measureColumn("failure_count", (row) => row.failure_count),
  ];
  return (
    <>
      <Strip measures={["errors", "error_rate", "failure_count", "success_rate"]} />
      <div class="cards">
        <OverTime
          id="errors-over-time"
          title={`Errors by ${page.window} and kind`}
          wide
          of={time}
          measure="errors"
          dimension="error_type"
          empty={NONE}
        />
        <TableCard
          id="kinds"
          title="Kinds of errors"
          of={kinds}
          rows={(data) => data.rows}
          columns={ofKinds}
          keyOf={kind}
          sort="-errors"
          narrow
          empty={NONE}
        />
        <Split
          id="failures-of-tools"
          title="Failed calls by tool and kind"
          note="Those whose kind is told."
          of={tools}
          row="tool"
          series="error_type"
          measure="failure_count"
          empty="No failed call tells its kind of error in this range, with these filters."
        />
        <TableCard
          id="failing-sessions"
          title="Sessions in which something failed"
          of={sessions}
          rows={(data) => data.rows}
          columns={ofSessions}
          keyOf={session}
          sort="-errors"
          empty="Nothing failed in this range, with these filters."
          after={sessions.data?.truncated && <p class="note">Those with the most errors; there are more.</p>}
        />
      </div>
    </>
  );
}
