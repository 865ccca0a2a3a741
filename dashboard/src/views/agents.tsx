import { useAnswer } from "../data";
import { asked, askedQuery, narrow, usePage } from "../page";
import { type Column, measureColumn, nameColumn, numberColumn, withBar } from "../parts/columns";
import { Named } from "../parts/named";
import { Remarks } from "../parts/remarks";
import { Strip } from "../parts/strip";
import { TableCard } from "../parts/tablecard";
import { usageColumns } from "../parts/usage";
import type { AgentRow, Aggregation, QueryAnswer, QueryRow } from "../shapes";

const EMPTY = "No metric names an agent in this range, with these filters.";
const agent = (row: AgentRow) => row.agent;
const actor = (row: QueryRow) => String(row.acting_agent);

/** What agents and sub-agents did, and what that cost. */
export function AgentsView() {
  const page = usePage();
  const answer = useAnswer<Aggregation<AgentRow>>(asked(page, "aggregations/agents"));
  const acting = useAnswer<QueryAnswer>(askedQuery(page, ["cost_usd", "tokens"], ["acting_agent"]));
  const columns = (rows: AgentRow[]): Column<AgentRow>[] => [
    nameColumn("agent", agent, (row) => narrow(page, "agent", row.agent), "Only this agent"),
    withBar(
      numberColumn("count", "calls", (row) => row.count),
      rows,
    ),
    numberColumn("success_count", "succeeded", (row) => row.success),
    numberColumn("failure_count", "failed", (row) => row.failure),
    measureColumn("duration_sum", (row) => row.total_duration_ms),
    measureColumn("duration_avg", (row) => row.avg_duration_ms),
    ...usageColumns(rows),
  ];
  const rows = answer.data?.time_series ?? [];
  const only = (...keys: string[]) => columns(rows).filter(({ key }) => ["name", ...keys].includes(key));
  return (
    <>
      <Strip
        measures={["count", "failure_count", "duration_sum", "duration_avg"]}
        titles={{ count: "calls" }}
        where="agent~*"
      />
      <div class="cards">
        <TableCard
          id="agents"
          title="Agents"
          note="Tokens and cost are of what the agent's runs did; calls, outcomes and times of the metrics that name it."
          of={answer}
          rows={(data) => data.time_series}
          columns={columns}
          keyOf={agent}
          sort="-count"
          empty={EMPTY}
          after={answer.data && <Remarks of={answer.data} />}
        />
        <Named
          id="cost-by-agent"
          title="Cost by acting agent"
          note="Of all that is part of an agent's run."
          of={acting}
          rows={(data) => data.rows}
          columns={[
            nameColumn<QueryRow>("acting agent", actor),
            measureColumn<QueryRow>("cost_usd", (row) => row.cost_usd),
            measureColumn<QueryRow>("tokens", (row) => row.tokens),
          ]}
          name={actor}
          measures={[["cost_usd", (row) => row.cost_usd]]}
          empty="No agent's cost is known in this range, with these filters."
        />
        <Named
          id="time-by-agent"
          title="Time by agent"
          of={answer}
          rows={(data) => data.time_series}
          columns={only("duration_sum", "duration_avg")}
          name={agent}
          measures={[["duration_sum", (row) => row.total_duration_ms]]}
          empty="No agent's time is known in this range, with these filters."
        />
      </div>
    </>
  );
}
