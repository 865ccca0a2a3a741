import { useAnswer } from "../data";
import { duration } from "../figures";
import { asked, askedQuery, compares, narrow, usePage } from "../page";
import { Card, CsvButton } from "../parts/card";
import { type Column, measureColumn, nameColumn, numberColumn, withBar } from "../parts/columns";
import { Remarks } from "../parts/remarks";
import { Answered, Empty } from "../parts/states";
import { DataTable } from "../parts/table";
import { Tile } from "../parts/tile";
import { windowShown } from "../ranges";
import type { Aggregation, Calls, ProjectRow, QueryAnswer, QueryRow, Usage } from "../shapes";
import { addressOf, type View } from "../state";
import { type FilterName, TOKEN_KINDS } from "../words";

const TOP = 6;
const MEASURES = ["sessions", "tokens", ...TOKEN_KINDS, "cost_usd", "errors", "success_rate"] as const;
const FIRST = ["sessions", "cost_usd", "errors", "success_rate"] as const;

type Projects = Aggregation<ProjectRow>;
type Entry<Value> = [string, Value];

interface TopProps<Value> {
  view: View;
  title: string;
  filter: FilterName;
  entries: Entry<Value>[];
  columns: Column<Entry<Value>>[];
  empty: string;
}

function Top<Value>({ view, title, filter, entries, columns, empty }: TopProps<Value>) {
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
    <Card
      title={title}
      actions={
        <a href={addressOf(page.state, { view })}>{entries.length > TOP ? `All ${entries.length}` : "All"}</a>
      }
    >
      {entries.length === 0 ? (
        <Empty>{empty}</Empty>
      ) : (
        <DataTable
          id={`top-${view}`}
          caption={title}
          columns={all}
          rows={entries.slice(0, TOP)}
          keyOf={([name]) => name}
        />
      )}
    </Card>
  );
}

function Tops({ data }: { data: Projects }) {
  const { models, tools, agents, errors } = data.breakdowns;
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
  const worked = data.time_series.map((row): Entry<ProjectRow> => [row.project_path, row]);
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
        empty="No metric or session names a project."
      />
      <Top
        view="models"
        title="Models"
        filter="model"
        entries={uses}
        columns={usage<Entry<Usage>>(([, one]) => one)}
        empty="No metric names a model."
      />
      <Top
        view="tools"
        title="Tools"
        filter="tool"
        entries={called}
        columns={calls}
        empty="No metric names a tool."
      />
      <Top
        view="agents"
        title="Agents"
        filter="agent"
        entries={ran}
        columns={calls}
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
        empty="No errors."
      />
    </>
  );
}

/** The last windows of time, the latest first. */
function Lately({ answer }: { answer: QueryAnswer }) {
  const page = usePage();
  const { window } = page;
  const title = `The last ${window}s`;
  const label = (row: QueryRow) => String(row[window]);
  const columns: Column<QueryRow>[] = [
    {
      key: window,
      title: window,
      kind: "text",
      value: label,
      show: (row) => windowShown(label(row), window),
    },
    measureColumn("sessions", (row) => row.sessions),
    measureColumn("errors", (row) => row.errors),
    measureColumn("tokens", (row) => row.tokens),
    measureColumn("cost_usd", (row) => row.cost_usd),
  ];
  return (
    <Card
      title={title}
      actions={
        <>
          <a href={addressOf(page.state, { view: "activity" })}>All</a>
          <CsvButton name={`${window}s`} columns={columns} rows={answer.rows} />
        </>
      }
    >
      {answer.rows.length === 0 ? (
        <Empty>Nothing was recorded in this range, with these filters.</Empty>
      ) : (
        <DataTable
          id="lately"
          caption={title}
          columns={columns}
          rows={answer.rows.slice(-TOP)}
          sort={`-${window}`}
          keyOf={label}
        />
      )}
    </Card>
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
  const active = askedQuery(page, ["active_ms"], [window], more);
  const activity = useAnswer<QueryAnswer>(active, shape);
  // What is seen first is asked first: what is below waits for it, but the first time alone.
  const isSeen = figures.data !== null || figures.problem !== null;
  const top = asked(page, "aggregations/projects", { limit: TOP });
  const named = useAnswer<Projects>(isSeen ? top : null);
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
      {!figures.problem && (
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
      )}
      <Answered of={named} lines={2}>
        {(data) => {
          const { duration_stats: times } = data;
          return (
            <>
              <Remarks of={data} />
              {times.p50_ms !== null && (
                <p class="note">
                  Durations: p50 {duration(times.p50_ms)}, p95 {duration(times.p95_ms)}, p99{" "}
                  {duration(times.p99_ms)}, longest {duration(times.max_ms)}; {duration(times.total_ms)} of
                  work.
                </p>
              )}
            </>
          );
        }}
      </Answered>
      <div class="cards three">
        {!figures.problem && (
          <Answered of={figures} lines={TOP}>
            {(answer) => <Lately answer={answer} />}
          </Answered>
        )}
        {!named.problem && (
          <Answered of={named} lines={TOP}>
            {(data) => <Tops data={data} />}
          </Answered>
        )}
      </div>
    </>
  );
}
