import { useAnswer } from "../data";
import { count, dollars, duration, several, share, tokens } from "../figures";
import { askedOfSession, remember, usePage } from "../page";
import { Card, CsvButton } from "../parts/card";
import type { Column } from "../parts/columns";
import { Name } from "../parts/name";
import { Remarks } from "../parts/remarks";
import { Answered, Empty } from "../parts/states";
import { Waterfall } from "../parts/waterfall";
import { minuteShown } from "../ranges";
import type { Aggregation, SessionRow, Step, Timeline } from "../shapes";
import { addressOf } from "../state";

const STEP = 1000;
const NAMES = [
  "start",
  "type",
  "run",
  "agent",
  "tool",
  "model",
  "command",
  "operation",
  "hook",
  "error_type",
  "outcome",
  "duration_ms",
  "tokens",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "cost_usd",
] as const satisfies (keyof Step)[];
const COLUMNS: Column<Step>[] = NAMES.map((name) => ({
  key: name,
  title: name,
  kind: "text",
  value: (step) => step[name],
}));

function Facts({ of }: { of: Aggregation<SessionRow> }) {
  const [row] = of.time_series;
  if (!row) return null;
  const { success_metrics: outcomes, cost_stats: cost } = of;
  const known = outcomes.success_count + outcomes.failure_count;
  const facts: [string, string][] = [
    ["began", minuteShown(row.start_time)],
    ["lasted", duration(row.duration_seconds * 1000)],
    ["metrics", count(row.metrics_count)],
    ["errors", count(row.errors)],
    ["time", duration(row.total_duration_ms)],
    ["tokens", `${row.tokens_at_least ? "at least " : ""}${tokens(row.tokens)}`],
    ["cost", `${row.cost_at_least ? "at least " : ""}${dollars(cost.total_usd)}`],
    ["success", known > 0 ? `${share(outcomes.success_rate)} in ${several(known, "outcome")}` : "–"],
  ];
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Remarks of={of} />
    </>
  );
}

/** One session: what it did, one after the other. */
export function SessionView() {
  const page = usePage();
  const id = page.state.session ?? "";
  const limit = Number(page.state.more.rows ?? STEP) || STEP;
  const about = useAnswer<Aggregation<SessionRow>>(askedOfSession(page, "sessions", id));
  const timeline = useAnswer<Timeline>(askedOfSession(page, "timelines", id, { limit }));
  const steps = timeline.data?.steps ?? [];
  return (
    <>
      <p class="back">
        <a href={addressOf(page.state, { view: "sessions", session: null, more: {} })}>All sessions</a> /{" "}
        <Name text={id} length={80} />
      </p>
      <Answered of={about} lines={2}>
        {(data) => <Facts of={data} />}
      </Answered>
      <div class="cards">
        <Card title="Timeline" wide actions={<CsvButton name="timeline" columns={COLUMNS} rows={steps} />}>
          <Answered of={timeline} lines={12}>
            {(data) => (
              <>
                {data.condensed > 0 && (
                  <p class="note">
                    Of {several(data.condensed, "metric")} of this session only sums are kept.
                  </p>
                )}
                {data.steps.length === 0 ? (
                  <Empty>There is no metric of this session whose detail is kept.</Empty>
                ) : (
                  <Waterfall steps={data.steps} />
                )}
                {data.steps.length < data.metrics && (
                  <button
                    type="button"
                    class="more"
                    onClick={() => remember(page, "rows", String(limit + STEP))}
                  >
                    Show more: {count(data.steps.length)} of {count(data.metrics)} are shown
                  </button>
                )}
              </>
            )}
          </Answered>
        </Card>
      </div>
    </>
  );
}
