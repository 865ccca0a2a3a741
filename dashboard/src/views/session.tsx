import { useState } from "preact/hooks";
import { useAnswer } from "../data";
import { count, dollars, duration, exact, several, share, tokens } from "../figures";
import { askedOfSession, remember, usePage } from "../page";
import { Card, CsvButton } from "../parts/card";
import type { Column } from "../parts/columns";
import { Name } from "../parts/name";
import { Remarks } from "../parts/remarks";
import { Scroll } from "../parts/scroll";
import { Answered, Empty } from "../parts/states";
import { minuteShown } from "../ranges";
import type { Aggregation, SessionRow, Step, Timeline } from "../shapes";
import { addressOf } from "../state";
import { type Bar, type Entry, entriesOf, nameOf, type Scale, scaleOf } from "../waterfall";

const STEP = 1000;
const FOLDED_FROM = 40;
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

interface TrackProps {
  from: number;
  to: number;
  scale: Scale;
  tone: string;
}

function Track({ from, to, scale, tone }: TrackProps) {
  const [left, right] = [scale(from), scale(to)];
  const style = {
    "--from": `${(left * 100).toFixed(2)}%`,
    "--long": `${((right - left) * 100).toFixed(2)}%`,
  };
  return (
    <td class="track" aria-hidden="true">
      <i class={tone} style={style} />
    </td>
  );
}

interface LineProps {
  bar: Bar;
  scale: Scale;
  nested?: boolean;
}

function Line({ bar, scale, nested }: LineProps) {
  const { step } = bar;
  const tone = step.outcome === "failure" ? "failed" : step.type === "token_usage" ? "talk" : "done";
  return (
    <tr class={nested ? "nested" : ""}>
      <td class="text" title={step.start}>
        {step.start.slice(11, 19)}
      </td>
      <th scope="row" class="name">
        <Name text={nameOf(step)} length={36} /> <span class="type">{step.type}</span>
      </th>
      <Track from={bar.from} to={bar.to} scale={scale} tone={tone} />
      <td class="number" title={exact(step.duration_ms, "ms")}>
        {step.duration_ms === null ? "" : duration(step.duration_ms)}
      </td>
      <td class={step.outcome === "failure" ? "text bad" : "text"}>
        {step.outcome === "failure" ? (
          <>
            failed
            {step.error_type && nameOf(step) !== step.error_type && (
              <>
                : <Name text={step.error_type} length={24} />
              </>
            )}
          </>
        ) : step.outcome === "success" ? (
          "ok"
        ) : (
          ""
        )}
      </td>
      <td class="number" title={exact(step.tokens, "tokens")}>
        {step.tokens === null ? "" : `${step.tokens_at_least ? "≥" : ""}${tokens(step.tokens)}`}
      </td>
      <td class="number" title={exact(step.cost_usd, "$")}>
        {step.cost_usd === null ? "" : dollars(step.cost_usd)}
      </td>
    </tr>
  );
}

function Run({ entry, scale }: { entry: Entry; scale: Scale }) {
  const [isOpen, setOpen] = useState(entry.within.length < FOLDED_FROM);
  const first = entry.within[0] ?? entry.own;
  const failed = entry.within.filter(({ step }) => step.outcome === "failure").length;
  const used = entry.within.reduce((sum, { step }) => sum + (step.tokens ?? 0), 0);
  const cost = entry.within.reduce((sum, { step }) => sum + (step.cost_usd ?? 0), 0);
  return (
    <>
      <tr class="run">
        <td class="text">{first?.step.start.slice(11, 19)}</td>
        <th scope="row" class="name">
          <button
            type="button"
            class="plain"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            disabled={entry.within.length === 0}
          >
            <span aria-hidden="true">{entry.within.length === 0 ? "·" : isOpen ? "▾" : "▸"}</span>{" "}
            <span class="unseen">{isOpen ? "Fold" : "Unfold"}</span>
          </button>
          <Name text={entry.agent ?? "sub-agent"} length={36} />{" "}
          <span class="type">
            run {entry.run}, {several(entry.within.length, "metric")}
          </span>
        </th>
        <Track from={entry.from} to={entry.to} scale={scale} tone="run" />
        <td class="number">{duration(entry.own?.step.duration_ms ?? entry.to - entry.from)}</td>
        <td class={failed > 0 ? "text bad" : "text"}>{failed > 0 ? `${count(failed)} failed` : ""}</td>
        <td class="number">{used > 0 ? tokens(used) : ""}</td>
        <td class="number">{cost > 0 ? dollars(cost) : ""}</td>
      </tr>
      {isOpen &&
        entry.within.map((bar, place) => (
          <Line key={`${bar.from} ${place}`} bar={bar} scale={scale} nested />
        ))}
    </>
  );
}

function Waterfall({ steps }: { steps: Step[] }) {
  const page = usePage();
  const withPauses = page.state.more.pauses === "yes";
  const entries = entriesOf(steps);
  const scale = scaleOf(entries, !withPauses);
  return (
    <>
      <label class="tick">
        <input
          type="checkbox"
          checked={!withPauses}
          onChange={(event) => remember(page, "pauses", event.currentTarget.checked ? null : "yes")}
        />{" "}
        Cut pauses of more than a minute short
      </label>
      <Scroll label="Timeline">
        <table class="waterfall" id="timeline">
          <caption class="unseen">What the session did, in the order in which it began</caption>
          <thead>
            <tr>
              <th scope="col">began</th>
              <th scope="col">what</th>
              <td />
              <th scope="col" class="number">
                took
              </th>
              <th scope="col">outcome</th>
              <th scope="col" class="number">
                tokens
              </th>
              <th scope="col" class="number">
                cost
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry, place) =>
              entry.run !== null ? (
                <Run key={`run ${entry.run}`} entry={entry} scale={scale} />
              ) : (
                entry.own && <Line key={`${entry.from} ${place}`} bar={entry.own} scale={scale} />
              ),
            )}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

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
