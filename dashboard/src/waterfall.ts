/** A session's steps as they are drawn: those of a sub-agent's run below it, pauses cut short. */

import type { Step } from "./shapes";

const PAUSE_MS = 60_000;
/** A pause is drawn as this part of all that isn't one. */
const PAUSE_PART = 0.015;

export interface Bar {
  step: Step;
  /** In milliseconds since 1970. */
  from: number;
  to: number;
}

/** A run of a sub-agent, or a single step. */
export interface Entry {
  own: Bar | null;
  run: number | null;
  agent: string | null;
  within: Bar[];
  from: number;
  to: number;
}

function barOf(step: Step): Bar {
  const from = Date.parse(step.start);
  return { step, from, to: from + Math.max(step.duration_ms ?? 0, 0) };
}

/** The steps in order of their beginning; a run stands where its first step is. */
export function entriesOf(steps: Step[]): Entry[] {
  const entries: Entry[] = [];
  const runs = new Map<number, Entry>();
  for (const bar of steps.map(barOf)) {
    const { run } = bar.step;
    if (run === null) {
      entries.push({ own: bar, run, agent: bar.step.agent, within: [], from: bar.from, to: bar.to });
      continue;
    }
    let entry = runs.get(run);
    if (!entry) {
      entry = { own: null, run, agent: bar.step.agent, within: [], from: bar.from, to: bar.to };
      runs.set(run, entry);
      entries.push(entry);
    }
    entry.from = Math.min(entry.from, bar.from);
    entry.to = Math.max(entry.to, bar.to);
    entry.agent ??= bar.step.agent;
    if (bar.step.type === "agent_execution" && entry.own === null) entry.own = bar;
    else entry.within.push(bar);
  }
  return entries.map(noted);
}

/** A run whose own metric was noted when it was over began as long before that as it took. */
function noted(entry: Entry): Entry {
  const { own, within } = entry;
  const last = Math.max(...within.map(({ from }) => from));
  if (own === null || within.length === 0 || own.from < last) return entry;
  const from = Math.min(own.from - (own.to - own.from), ...within.map((bar) => bar.from));
  return { ...entry, from, to: Math.max(own.from, ...within.map(({ to }) => to)) };
}

/** Where a moment is drawn, from 0 to 1. */
export type Scale = (time: number) => number;

/** The scale of entries; without pauses, what nothing is done in for more than a minute takes little room. */
export function scaleOf(entries: Entry[], withoutPauses: boolean): Scale {
  const spans = entries.map(({ from, to }) => [from, to] as [number, number]).sort((a, b) => a[0] - b[0]);
  const [first] = spans;
  if (!first) return () => 0;
  const busy: [number, number][] = [];
  for (const [from, to] of spans) {
    const before = busy.at(-1);
    if (before && (!withoutPauses || from - before[1] <= PAUSE_MS)) before[1] = Math.max(before[1], to);
    else busy.push([from, to]);
  }
  const worked = Math.max(
    busy.reduce((sum, [from, to]) => sum + to - from, 0),
    1,
  );
  const pause = Math.min(PAUSE_PART, 0.4 / busy.length) * worked;
  const whole = worked + pause * (busy.length - 1);
  return (time) => {
    let passed = 0;
    for (const [from, to] of busy) {
      if (time <= to) return (passed + Math.max(time - from, 0)) / whole;
      passed += to - from + pause;
    }
    return 1;
  };
}

/** What a step is called: by what it names first. */
export function nameOf(step: Step): string {
  return (
    step.tool ??
    step.command ??
    step.hook ??
    step.error_type ??
    step.operation ??
    step.model ??
    step.agent ??
    step.type
  );
}
