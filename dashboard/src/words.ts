/** What measures and dimensions are called, in the words of the command line, and how values of them are shown. */

import { count, dollars, duration, share, tokens, type Value } from "./figures";

export interface Measure {
  title: string;
  show: (value: Value) => string;
  /** Of the exact value. */
  unit: string;
  isRate?: boolean;
  /** Whether more of it is good or bad, where it is either. */
  sense?: "good" | "bad";
  /** Whether parts of it add up, so that they can be stacked. */
  addsUp?: boolean;
}

const number = { show: count, unit: "" };
const time = { show: duration, unit: "ms" };
const used = { show: tokens, unit: "tokens", addsUp: true };
const rate = { show: share, unit: "", isRate: true };

export const MEASURES = {
  count: { title: "metrics", ...number, addsUp: true },
  sessions: { title: "sessions", ...number },
  users: { title: "users", ...number },
  errors: { title: "errors", ...number, addsUp: true, sense: "bad" },
  success_count: { title: "succeeded", ...number, addsUp: true },
  failure_count: { title: "failed", ...number, addsUp: true, sense: "bad" },
  success_rate: { title: "success", ...rate, sense: "good" },
  error_rate: { title: "error rate", ...rate, sense: "bad" },
  active_ms: { title: "active time", ...time, addsUp: true },
  duration_sum: { title: "time", ...time, addsUp: true },
  duration_avg: { title: "average", ...time, sense: "bad" },
  duration_p50: { title: "p50", ...time, sense: "bad" },
  duration_p95: { title: "p95", ...time, sense: "bad" },
  duration_p99: { title: "p99", ...time, sense: "bad" },
  tokens: { title: "tokens", ...used },
  input_tokens: { title: "input", ...used },
  output_tokens: { title: "output", ...used },
  cache_read_tokens: { title: "cache read", ...used },
  cache_write_tokens: { title: "cache write", ...used },
  cache_hit_rate: { title: "cache hit rate", ...rate, sense: "good" },
  cost_usd: { title: "cost", show: dollars, unit: "$", addsUp: true },
} satisfies Record<string, Measure>;

export type MeasureName = keyof typeof MEASURES;

export function measure(name: MeasureName): Measure {
  return MEASURES[name];
}

export const TOKEN_KINDS = [
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
] as const satisfies MeasureName[];

export const FILTERS = {
  project: "project",
  model: "model",
  tool: "tool",
  agent: "agent",
  user: "user",
  type: "type",
  error: "kind of error",
  command: "command",
  source: "source",
  session: "session",
} as const;

export type FilterName = keyof typeof FILTERS;

/** What a query calls the field that a filter is about. */
export function dimension(filter: FilterName): string {
  return filter === "error" ? "error_type" : filter;
}
