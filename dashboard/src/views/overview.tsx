import { useAnswer } from "../data";
import { duration } from "../figures";
import { asked, askedQuery, compares, narrow, usePage } from "../page";
import { Card } from "../parts/card";
import { type Column, measureColumn, nameColumn, numberColumn, withBar } from "../parts/columns";
import { Remarks } from "../parts/remarks";
import { Answered, Empty } from "../parts/states";
import { DataTable } from "../parts/table";
import { Tile } from "../parts/tile";
import type { Aggregation, Calls, ProjectRow, QueryAnswer, Usage } from "../shapes";
import { addressOf, type View } from "../state";
import { type FilterName, TOKEN_KINDS } from "../words";

const TOP = 6;
const MEASURES = [
  "count",
  "sessions",
  "tokens",
  ...TOKEN_KINDS,
  "cost_usd",
  "errors",
  "success_rate",
] as const;
const FIRST = ["sessions", "cost_usd", "errors", "success_rate"] as const;

interface Summary {
  daily: Aggregation<unknown>;
  by_project: Aggregation<ProjectRow>;
}

type Entry<Value> = [string, Value];

interface TopProps<Value> {
  view: View;
  title: string;
  filter: FilterName;
  entries: Entry<Value>[];
  columns: Column<Entry<Value>>[];
  sort: string;
  empty: string;
}

function Top<Value>({ view, title, filter, entries, columns, sort, empty }: TopProps<Value>) {
  const page = usePage();
  const all = [
    nameColumn<Entry<Value>>(
      filter,
      ([name]) => name,
      ([name]) => narrow(page, filter, name),
      "Only this",
    ),
    ...columns,
  ];
  return (
    <Card title={title} actions={<a href={addressOf(page.state, { view })}>All {entries.length || ""}</a>}>
      {entries.length === 0 ? (
        <Empty>{empty}</Empty>
      ) : (
        <DataTable
          id={`top-${view}`}
          caption={title}
          columns={all}
          rows={entries.slice(0, TOP)}
          sort={sort}
          keyOf={([name]) => name}
        />
      )}
    </Card>
  );
}

function Tops({ daily, by_project: projects }: Summary) {
  const { models, tools, agents, errors } = daily.breakdowns;
  const uses = Object.entries(models);
  const called = Object.entries(tools);
  const ran = Object.entries(agents);
  const kinds = Object.entries(errors);
  const calls: Column<Entry<Calls>>[] = [
    numberColumn("count", "calls", ([, one]) => one.count),
    numberColumn("failure", "failed", ([, one]) => one.failure),
    measureColumn("duration_sum", ([, one]) => one.total_duration_ms),
  ];
  const usage = <Row,>(of: (row: Row) => Usage): Column<Row>[] => [
    measureColumn(
      "tokens",
      (row) => of(row).tokens,
      (row) => of(row).tokens_at_least,
    ),
    measureColumn(
      "cost_usd",
      (row) => of(row).cost_usd,
      (row) => of(row).cost_at_least,
    ),
  ];
  const worked = projects.time_series.map((row): Entry<ProjectRow> => [row.project_path, row]);
  const worth = usage<Entry<ProjectRow>>(([, row]) => row);
  return (
    <>
      <Top
        view="projects"
        title="Projects"
        filter="project"
        entries={worked}
        columns={[
          numberColumn<Entry<ProjectRow>>("sessions", "sessions", ([, row]) => row.sessions),
          ...worth,
        ]}
        sort=""
        empty="No metric or session names a project."
      />
      <Top
        view="models"
        title="Models"
        filter="model"
        entries={uses}
        columns={usage<Entry<Usage>>(([, one]) => one)}
        sort=""
        empty="No metric names a model."
      />
      <Top
        view="tools"
        title="Tools"
        filter="tool"
        entries={called}
        columns={calls}
        sort=""
        empty="No metric names a tool."
      />
      <Top
        view="agents"
        title="Agents"
        filter="agent"
        entries={ran}
        columns={calls}
        sort=""
        empty="No metric names an agent."
      />
      <Top
        view="errors"
        title="Errors"
        filter="error"
        entries={kinds}
        columns={[
          withBar(
            numberColumn<Entry<number>>("count", "times", ([, times]) => times),
            kinds,
          ),
        ]}
        sort=""
        empty="No errors."
      />
    </>
  );
}

/** What happened, at a glance. */
export function OverviewView() {
  const page = usePage();
  const { window } = page;
  const compare = compares(page) ? "previous" : null;
  const more = { fill: true, compare, page_size: 2000 };
  const shape = `${window} ${compare}`;
  const figures = useAnswer<QueryAnswer>(askedQuery(page, [...MEASURES], [window], more), shape);
  const activity = useAnswer<QueryAnswer>(askedQuery(page, ["active_ms"], [window], more), shape);
  const summary = useAnswer<Summary>(asked(page, "summary"));
  return (
    <>
      <div class="tiles">
        <Answered of={figures}>
          {(answer) => FIRST.map((name) => <Tile key={name} name={name} answer={answer} window={window} />)}
        </Answered>
        <Answered of={activity}>
          {(answer) => <Tile name="active_ms" answer={answer} window={window} />}
        </Answered>
      </div>
      <div class="tiles tokens">
        <Answered of={figures}>
          {(answer) => (
            <>
              <Tile name="tokens" answer={answer} window={window} />
              {TOKEN_KINDS.map((name) => (
                <Tile key={name} name={name} answer={answer} window={window} small />
              ))}
            </>
          )}
        </Answered>
      </div>
      <Answered of={summary} lines={10}>
        {(data) => {
          const { duration_stats: times } = data.daily;
          return (
            <>
              <Remarks of={data.daily} />
              {times.p50_ms !== null && (
                <p class="note">
                  Durations: p50 {duration(times.p50_ms)}, p95 {duration(times.p95_ms)}, p99{" "}
                  {duration(times.p99_ms)}, longest {duration(times.max_ms)}; {duration(times.total_ms)} of
                  work.
                </p>
              )}
              <div class="cards">
                <Tops {...data} />
              </div>
            </>
          );
        }}
      </Answered>
    </>
  );
}
