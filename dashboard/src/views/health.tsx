import { type Answer, useAnswer } from "../data";
import { count, duration, several } from "../figures";
import { asked, usePage } from "../page";
import { Card } from "../parts/card";
import { type Column, nameColumn, numberColumn } from "../parts/columns";
import { Remarks } from "../parts/remarks";
import { Answered } from "../parts/states";
import { TableCard } from "../parts/tablecard";
import { minuteShown, sourcesPath } from "../ranges";
import type { Aggregation, ModelRow, Sources, Unpriced } from "../shapes";

type Source = Sources["sources"][0];
type Models = Aggregation<ModelRow>;

function age(moment: string | null): number | null {
  return moment === null ? null : Math.max(Date.now() - Date.parse(moment), 0);
}

const ageShown = (ms: number | null) =>
  ms === null ? "–" : ms > 172_800_000 ? several(Math.floor(ms / 86_400_000), "day") : duration(ms);

const SOURCES: Column<Source>[] = [
  nameColumn("source", ({ name }) => name),
  numberColumn("metrics", "metrics", ({ metrics }) => metrics),
  numberColumn("rejects", "lines refused", (one) => one.lines_rejected),
  {
    key: "first",
    title: "first",
    kind: "text",
    value: (one) => one.first,
    show: (one) => minuteShown(one.first),
  },
  {
    key: "last",
    title: "last",
    kind: "text",
    value: (one) => one.last,
    show: (one) => minuteShown(one.last),
  },
  {
    key: "age",
    title: "since then",
    kind: "number",
    value: (one) => age(one.last),
    show: (one) => ageShown(age(one.last)),
  },
];
const UNPRICED: Column<Unpriced>[] = [
  nameColumn("model", ({ model }) => model ?? "(no model named)"),
  numberColumn("requests", "requests", ({ requests }) => requests),
  numberColumn("tokens", "tokens", ({ tokens }) => tokens),
];
const TYPES: Column<[string, number]>[] = [
  nameColumn("type", ([type]) => type),
  numberColumn("metrics", "metrics", ([, times]) => times),
];

function Bounds({ of }: { of: Answer<Models> }) {
  return (
    <Card title="How sure the numbers of this range are" wide>
      <Answered of={of} lines={3}>
        {(data) => {
          const { unknown, lower_bounds: bounds } = data.token_stats;
          const isWhole = !unknown && !bounds && data.cost_stats.unpriced.length === 0 && !data.condensed;
          return isWhole ? (
            <p>
              Of {several(data.total_metrics, "metric")} all tokens are told, all models have a price, and all
              detail is kept: the sums are exact.
            </p>
          ) : (
            <Remarks of={data} />
          );
        }}
      </Answered>
    </Card>
  );
}

/** Where the numbers come from, how fresh they are, and what they leave out. */
export function HealthView() {
  const page = usePage();
  const sources = useAnswer<Sources>(sourcesPath(page.zone));
  const models = useAnswer<Models>(asked(page, "aggregations/models"));
  const rejected = sources.data?.sources.reduce((sum, one) => sum + one.lines_rejected, 0) ?? 0;
  return (
    <div class="cards">
      <TableCard
        id="sources"
        title="Sources"
        note="Of the whole store, whatever the range and the filters."
        of={sources}
        rows={(data) => data.sources}
        columns={() => SOURCES}
        keyOf={({ name }) => name}
        sort="-metrics"
        empty="There is nothing in the store yet: 'tachograph sources' says where logs are looked for."
        after={
          rejected > 0 && (
            <p class="note">
              {count(rejected)} {rejected === 1 ? "line" : "lines"} could not be read:{" "}
              <code>tachograph rejects</code> says which, and why.
            </p>
          )
        }
      />
      <Bounds of={models} />
      <TableCard
        id="unpriced"
        title="Models without a price"
        of={models}
        rows={(data) => data.cost_stats.unpriced}
        columns={() => UNPRICED}
        keyOf={({ model }) => model ?? ""}
        sort="-tokens"
        narrow
        empty="Every model has a known price in this range, with these filters."
      />
      <TableCard
        id="types"
        title="Metrics by type"
        of={models}
        rows={(data) => Object.entries(data.breakdowns.by_type)}
        columns={() => TYPES}
        keyOf={([type]) => type}
        sort="-metrics"
        narrow
        empty="Nothing was recorded in this range, with these filters."
      />
    </div>
  );
}
