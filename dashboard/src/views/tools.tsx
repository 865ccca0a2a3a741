import { useAnswer } from "../data";
import { share } from "../figures";
import { askedQuery, compares, narrow, usePage } from "../page";
import {
  type Column,
  changeColumn,
  measureColumn,
  nameColumn,
  numberColumn,
  withBar,
} from "../parts/columns";
import { Named } from "../parts/named";
import { Split } from "../parts/split";
import { Strip } from "../parts/strip";
import { TableCard } from "../parts/tablecard";
import type { QueryAnswer, QueryRow } from "../shapes";
import type { MeasureName } from "../words";

const MEASURES: MeasureName[] = [
  "count",
  "success_count",
  "failure_count",
  "duration_sum",
  "duration_avg",
  "duration_p50",
  "duration_p95",
  "duration_p99",
];
const PERCENTILES = ["duration_p50", "duration_p95", "duration_p99"] as const;
const EMPTY = "No metric names a tool in this range, with these filters.";

const tool = (row: QueryRow) => String(row.tool);

/** How many of the calls whose outcome is known failed. */
function failureRate(row: QueryRow): number | null {
  const known = (row.success_count ?? 0) + (row.failure_count ?? 0);
  return known > 0 ? (row.failure_count ?? 0) / known : null;
}

/** What tools do: calls, failures, and where time goes. */
export function ToolsView() {
  const page = usePage();
  const compare = compares(page) ? "previous" : null;
  const calls = useAnswer<QueryAnswer>(askedQuery(page, MEASURES, ["tool"], { compare }), String(compare));
  const failures = useAnswer<QueryAnswer>(
    askedQuery(page, ["failure_count"], ["tool", "error_type"], { where: "outcome=failure" }),
  );
  const columns = (rows: QueryRow[]): Column<QueryRow>[] => {
    const whole = rows.reduce((sum, row) => sum + (row.duration_sum ?? 0), 0);
    const part = (row: QueryRow) => (whole > 0 ? (row.duration_sum ?? 0) / whole : null);
    return [
      nameColumn("tool", tool, (row) => narrow(page, "tool", tool(row)), "Only this tool"),
      withBar(
        numberColumn("count", "calls", (row) => row.count ?? 0),
        rows,
      ),
      ...(compare ? [changeColumn("count", "change")] : []),
      numberColumn("success_count", "succeeded", (row) => row.success_count ?? 0),
      numberColumn("failure_count", "failed", (row) => row.failure_count ?? 0),
      {
        key: "failure_rate",
        title: "failure rate",
        kind: "number",
        value: failureRate,
        show: (row) => share(failureRate(row)),
      },
      measureColumn("duration_sum", (row) => row.duration_sum),
      { key: "part", title: "share of time", kind: "number", value: part, show: (row) => share(part(row)) },
      measureColumn("duration_avg", (row) => row.duration_avg),
      ...PERCENTILES.map((name) => measureColumn<QueryRow>(name, (row) => row[name])),
    ];
  };
  const rows = calls.data?.rows ?? [];
  return (
    <>
      <Strip
        measures={["count", "failure_count", "success_rate", "duration_sum", "duration_p95"]}
        titles={{ count: "calls" }}
        where="tool~*"
      />
      <div class="cards">
        <TableCard
          id="tools"
          title="Tools"
          of={calls}
          rows={(data) => data.rows}
          columns={columns}
          keyOf={tool}
          sort="-count"
          empty={EMPTY}
        />
        <Named
          id="time-by-tool"
          title="Time by tool"
          of={calls}
          rows={(data) => data.rows}
          columns={columns(rows).filter(({ key }) => ["name", "duration_sum", "part"].includes(key))}
          name={tool}
          measures={[["duration_sum", (row) => row.duration_sum]]}
          empty={EMPTY}
        />
        <Named
          id="durations-by-tool"
          title="Durations by tool"
          note="Exact percentiles; the scale is logarithmic."
          of={calls}
          rows={(data) => data.rows.filter((row) => row.duration_p50 != null)}
          columns={columns(rows).filter(({ key }) => key === "name" || key.startsWith("duration_p"))}
          name={tool}
          order={(row) => row.duration_sum ?? 0}
          measures={PERCENTILES.map((name) => [name, (row: QueryRow) => row[name]])}
          logarithmic
          empty="No call of a tool has a duration in this range, with these filters."
        />
        <Split
          id="failures-by-tool"
          title="Failures by tool and kind"
          note="Those whose kind is told."
          of={failures}
          row="tool"
          series="error_type"
          measure="failure_count"
          empty="No failed call tells its kind of error in this range, with these filters."
        />
      </div>
    </>
  );
}
