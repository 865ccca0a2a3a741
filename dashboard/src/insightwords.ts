/** What watched measures are called, how their values are shown, and what a group has to do with a change. */

import { count, dollars, duration, share, tokens } from "./figures";
import type { Contribution, Explanation, Insight } from "./shapes";

interface Words {
  title: string;
  value: (value: number) => string;
  part: (value: number) => string;
  events?: string;
  things?: string;
  ofThings?: string;
  /** What shows it in the view of the activity. */
  shownBy?: string;
}

const whole = (value: number) => count(Math.round(value));
const mean = (value: number) => (value >= 10 || Number.isInteger(value) ? whole(value) : value.toFixed(1));
const used = (value: number) => tokens(Math.round(value));
/** As on the command line. */
const WORDS: Record<string, Words> = {
  count: { title: "metrics", value: whole, part: mean, shownBy: "count" },
  tokens: { title: "tokens", value: used, part: used, shownBy: "tokens" },
  cost_usd: { title: "cost", value: dollars, part: dollars, shownBy: "cost_usd" },
  errors: { title: "errors", value: whole, part: mean, shownBy: "errors" },
  error_rate: {
    title: "error rate",
    value: share,
    part: mean,
    events: "errors",
    things: "metrics",
    shownBy: "errors",
  },
  tool_failure_rate: {
    title: "failure rate of tool calls",
    value: share,
    part: mean,
    events: "failures",
    things: "calls",
    shownBy: "failure_count",
  },
  cache_hit_rate: { title: "cache hit rate", value: share, part: used, things: "input", shownBy: "tokens" },
  tool_duration_p95: {
    title: "p95 duration of tool calls",
    value: duration,
    part: mean,
    things: "calls",
    ofThings: " slower than the usual p95",
    shownBy: "duration_sum",
  },
  agent_duration_p50: {
    title: "median duration of agent runs",
    value: duration,
    part: mean,
    things: "runs",
    ofThings: " slower than the usual median",
    shownBy: "duration_sum",
  },
};

export function wordsOf(measure: string): Words {
  return WORDS[measure] ?? { title: measure, value: String, part: String };
}

const ratio = (part: number, of: number) => share(of ? part / of : 0);

/** What changed in a group: its amount, its own rate, or how much of everything it is. */
export function changeOf(insight: Insight, of: Explanation, one: Contribution): string {
  const { part, events = "", things = "", ofThings = "" } = wordsOf(insight.measure);
  const { amounts } = one;
  if (one.mix === null || one.own === null)
    return `${`${part(amounts.part_after)} ${events}`.trim()}, usually ${part(amounts.part_before)}`;
  const rate = `${ratio(amounts.part_after, amounts.whole_after)}${ofThings}`;
  if (Math.abs(one.own) > Math.abs(one.mix))
    return `${rate}, usually ${ratio(amounts.part_before, amounts.whole_before)}`;
  const now = ratio(amounts.whole_after, of.whole_after);
  return `${now} of the ${things}, usually ${ratio(amounts.whole_before, of.whole_before)}, at ${rate}`;
}

export function partOf(change: number): string {
  return change > 0.995 ? "all of it" : `${Math.round(change * 100)} % of it`;
}
