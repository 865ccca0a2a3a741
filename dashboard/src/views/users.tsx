import { useAnswer } from "../data";
import { asked, askedQuery, narrow, usePage } from "../page";
import { type Column, measureColumn, nameColumn, numberColumn } from "../parts/columns";
import { Named } from "../parts/named";
import { OverTime } from "../parts/overtime";
import { Remarks } from "../parts/remarks";
import { Strip } from "../parts/strip";
import { TableCard } from "../parts/tablecard";
import { usageColumns } from "../parts/usage";
import type { Aggregation, QueryAnswer, UserRow } from "../shapes";

const SERIES = 6;
const EMPTY = "No metric or session names a user in this range, with these filters.";
const user = (row: UserRow) => row.user_id;

/** Who used agents, and for what it cost. */
export function UsersView() {
  const page = usePage();
  const answer = useAnswer<Aggregation<UserRow>>(asked(page, "aggregations/users"));
  const more = { fill: true, limit: SERIES, other: true, page_size: 20_000 };
  const time = useAnswer<QueryAnswer>(
    askedQuery(page, ["active_ms"], [page.window, "user"], more),
    page.window,
  );
  const columns = (rows: UserRow[]): Column<UserRow>[] => [
    nameColumn("user", user, (row) => narrow(page, "user", row.user_id), "Only this user"),
    numberColumn("sessions", "sessions", (row) => row.sessions),
    numberColumn("count", "metrics", (row) => row.metrics_count),
    numberColumn("errors", "errors", (row) => row.errors),
    measureColumn("duration_sum", (row) => row.total_duration_ms),
    ...usageColumns(rows),
  ];
  const rows = answer.data?.time_series ?? [];
  return (
    <>
      <Strip measures={["users", "sessions", "tokens", "cost_usd"]} where="user~*" />
      <div class="cards">
        <TableCard
          id="users"
          title="Users"
          of={answer}
          rows={(data) => data.time_series}
          columns={columns}
          keyOf={user}
          sort="-cost_usd"
          empty={EMPTY}
          after={answer.data && <Remarks of={answer.data} />}
        />
        <OverTime
          id="activity-of-users"
          title={`Active time by ${page.window} and user`}
          of={time}
          measure="active_ms"
          dimension="user"
          empty={EMPTY}
        />
        <Named
          id="cost-by-user"
          title="Cost by user"
          of={answer}
          rows={(data) => data.time_series}
          columns={columns(rows).filter(({ key }) => ["name", "cost_usd"].includes(key))}
          name={user}
          measures={[["cost_usd", (row) => row.cost_usd]]}
          empty={EMPTY}
        />
      </div>
    </>
  );
}
