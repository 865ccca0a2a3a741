import { useAnswer } from "../data";
import { titled } from "../figures";
import { askedQuery, remember, usePage } from "../page";
import { Card, CsvButton } from "../parts/card";
import { Choose, useChoice } from "../parts/choose";
import { type Column, measureColumn } from "../parts/columns";
import { HeatMap, WEEKDAYS } from "../parts/heat";
import { OverTime } from "../parts/overtime";
import { Answered, Empty } from "../parts/states";
import { Strip } from "../parts/strip";
import { DataTable } from "../parts/table";
import type { QueryAnswer, QueryRow } from "../shapes";
import { measure } from "../words";

const SERIES = 8;
const MEASURED = {
  count: "metrics",
  tokens: "tokens",
  output_tokens: "output tokens",
  cost_usd: "cost",
  active_ms: "active time",
  duration_sum: "time",
  sessions: "sessions",
  errors: "errors",
  failure_count: "failed",
} as const;
const SPLIT = {
  model: "model",
  tool: "tool",
  project: "project",
  acting_agent: "agent",
  user: "user",
  source: "source",
  type: "type",
  none: "nothing",
} as const;
const WINDOWS = { auto: "as it suits", hour: "hour", day: "day", week: "week", month: "month" } as const;

/** When what was done: over time, and in which hours of the week. */
export function ActivityView() {
  const page = usePage();
  const name = useChoice<keyof typeof MEASURED>("measure", MEASURED, "tokens");
  const split = useChoice<keyof typeof SPLIT>("split", SPLIT, "model");
  const asItSuits = useChoice<keyof typeof WINDOWS>("window", WINDOWS, "auto");
  const window = asItSuits === "auto" ? page.window : asItSuits;
  const dimension = split === "none" ? null : split;
  const by = dimension ? [window, dimension] : [window];
  const more = { fill: true, page_size: 20_000, ...(dimension ? { limit: SERIES, other: true } : {}) };
  const shape = `${name} ${split} ${window}`;
  const time = useAnswer<QueryAnswer>(askedQuery(page, [name], by, more), shape);
  const week = useAnswer<QueryAnswer>(askedQuery(page, [name], ["weekday", "hour_of_day"]), name);
  const columns: Column<QueryRow>[] = [
    {
      key: "weekday",
      title: "weekday",
      kind: "number",
      value: (row) => Number(row.weekday),
      show: (row) => WEEKDAYS[Number(row.weekday) - 1] ?? "",
    },
    { key: "hour", title: "hour of day", kind: "number", value: (row) => Number(row.hour_of_day) },
    measureColumn<QueryRow>(name, (row) => row[name]),
  ];
  const { title } = measure(name);
  const isTable = page.state.more.week === "table";
  return (
    <>
      <div class="choosing">
        <Choose id="measure" label="Show" names={MEASURED} usual="tokens" />
        <Choose id="split" label="by" names={SPLIT} usual="model" />
        <Choose id="window" label="per" names={WINDOWS} usual="auto" />
      </div>
      <Strip measures={[name]} />
      <div class="cards">
        <OverTime
          id="over-time"
          title={`${titled(title)} by ${window}${dimension ? ` and ${SPLIT[split]}` : ""}`}
          wide
          of={time}
          window={window}
          measure={name}
          dimension={dimension}
          empty={
            dimension
              ? `Nothing in this range names a ${SPLIT[split]}, with these filters: choose another split.`
              : "Nothing was recorded in this range, with these filters."
          }
        />
        <Card
          title={`${titled(title)} by hour and weekday`}
          wide
          actions={
            <>
              <button
                type="button"
                class="small"
                aria-pressed={isTable}
                onClick={() => remember(page, "week", isTable ? null : "table")}
              >
                Table
              </button>
              <CsvButton name="hours-of-the-week" columns={columns} rows={week.data?.rows ?? []} />
            </>
          }
        >
          <Answered of={week} lines={7}>
            {(data) =>
              data.rows.length === 0 ? (
                <Empty>Nothing was recorded in this range, with these filters.</Empty>
              ) : isTable ? (
                <DataTable
                  id="week-table"
                  caption={`${title} by hour and weekday`}
                  columns={columns}
                  rows={data.rows}
                  keyOf={(row) => `${row.weekday} ${row.hour_of_day}`}
                />
              ) : (
                <HeatMap rows={data.rows} name={name} />
              )
            }
          </Answered>
        </Card>
      </div>
    </>
  );
}
