/** What the API answers, as far as it is shown. */

import type { MeasureName } from "./words";

export type Measured = Partial<Record<MeasureName, number | null>>;
export type QueryRow = Measured & Record<string, unknown> & { previous?: Measured | null };

export interface QueryAnswer {
  start: string | null;
  end: string | null;
  total: Measured & { previous?: Measured | null };
  rows: QueryRow[];
  exact: boolean;
  at_least: string[];
  truncated: boolean;
}

export interface Usage {
  tokens: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  tokens_at_least: boolean;
  cost_usd: number | null;
  cost_at_least: boolean;
}

export interface Calls {
  count: number;
  success: number;
  failure: number;
  total_duration_ms: number | null;
  avg_duration_ms: number | null;
}

export interface Unpriced {
  model: string | null;
  requests: number;
  tokens: number;
}

export interface Condensed {
  metrics: number;
  before: string;
  resolution: string;
  timezone: string;
  uncertain: number;
  duration_percentiles: string;
}

export interface Aggregation<Row> {
  start_time: string | null;
  end_time: string | null;
  total_metrics: number;
  total_sessions: number;
  total_users: number;
  total_errors: number;
  duration_stats: Record<
    "total_ms" | "avg_ms" | "min_ms" | "max_ms" | "p50_ms" | "p95_ms" | "p99_ms",
    number | null
  >;
  token_stats: Omit<Usage, "tokens" | "tokens_at_least" | "cost_usd" | "cost_at_least"> & {
    total: number;
    at_least: boolean;
    unknown: number;
    lower_bounds: number;
  };
  cost_stats: {
    total_usd: number | null;
    reported_usd: number | null;
    at_least: boolean;
    unpriced: Unpriced[];
  };
  success_metrics: { success_count: number; failure_count: number; success_rate: number };
  breakdowns: {
    by_type: Record<string, number>;
    tools: Record<string, Calls>;
    agents: Record<string, Calls>;
    errors: Record<string, number>;
    models: Record<string, Usage & { requests: number; sessions: number }>;
  };
  time_series: Row[];
  condensed?: Condensed;
}

interface Uses extends Usage {
  metrics_count: number;
  errors: number;
  total_duration_ms: number | null;
}

export interface SessionRow extends Uses {
  session_id: string;
  start_time: string;
  end_time: string;
  duration_seconds: number;
  tool_uses: Record<string, number>;
}

export interface ProjectRow extends Uses {
  project_path: string;
  sessions: number;
  users: number;
}

export interface UserRow extends Uses {
  user_id: string;
  sessions: number;
}

export interface AgentRow extends Calls, Usage {
  agent: string;
}

export interface ModelRow extends Usage {
  model: string;
  requests: number;
  sessions: number;
}

export interface Sources {
  sources: {
    name: string;
    metrics: number;
    lines_rejected: number;
    first: string | null;
    last: string | null;
  }[];
}

export interface Values {
  values: { value: string; count: number }[];
  truncated: boolean;
}

export interface Step {
  start: string;
  type: string;
  run: number | null;
  agent: string | null;
  tool: string | null;
  model: string | null;
  command: string | null;
  operation: string | null;
  hook: string | null;
  error_type: string | null;
  outcome: "success" | "failure" | null;
  duration_ms: number | null;
  tokens: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cache_read_tokens: number | null;
  cache_write_tokens: number | null;
  tokens_at_least: boolean;
  cost_usd: number | null;
}

export interface Timeline {
  session_id: string;
  start: string | null;
  end: string | null;
  metrics: number;
  condensed: number;
  steps: Step[];
}

export interface Contribution {
  group: string | null;
  share: number;
  mix: number | null;
  own: number | null;
  amounts: { part_before: number; part_after: number; whole_before: number; whole_after: number };
}

export interface Explanation {
  dimension: string;
  groups: Contribution[];
  whole_before: number;
  whole_after: number;
}

export interface Insight {
  project: string | null;
  measure: string;
  direction: "up" | "down";
  sense: "bad" | "good" | "neutral";
  day: string;
  since: string;
  last: string;
  days: number;
  value: number;
  usual: number;
  low: number;
  high: number;
  past_days: number;
  is_over: boolean;
  explanations: Explanation[];
  also: { measure: string; day: string; value: number; usual: number }[];
  command: string;
}

export interface Insights {
  since: string;
  until: string;
  timezone: string;
  comparisons: number;
  active_days: number;
  past_days: number;
  past_days_needed: number;
  latest: string | null;
  at_least: string[];
  exact: boolean;
  insights: Insight[];
}
