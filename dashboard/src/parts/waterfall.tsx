import { useState } from "preact/hooks";
import { count, dollars, duration, exact, several, tokens } from "../figures";
import { remember, usePage } from "../page";
import type { Step } from "../shapes";
import { type Bar, type Entry, entriesOf, nameOf, type Scale, scaleOf } from "../waterfall";
import { Name } from "./name";
import { Scroll } from "./scroll";

const FOLDED_FROM = 40;

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

/** What a session did, one after the other, and when: those of a sub-agent's run can be folded. */
export function Waterfall({ steps }: { steps: Step[] }) {
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
