/** Ranges of time by name, in days of a zone, and the windows that suit them. */

import type { State } from "./state";

const DAY_MS = 86_400_000;

export interface Bounds {
  since: string | null;
  until: string | null;
}

export type Window = "hour" | "day" | "week" | "month";

export const RANGES = {
  today: "Today",
  yesterday: "Yesterday",
  "last-24-hours": "Last 24 hours",
  "last-7-days": "Last 7 days",
  "last-30-days": "Last 30 days",
  "last-90-days": "Last 90 days",
  "this-month": "This month",
  "last-month": "Last month",
  "last-12-months": "Last 12 months",
  all: "All time",
} as const;

export type RangeName = keyof typeof RANGES;
export const USUAL: RangeName = "last-30-days";

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Where it is asked what there is of each source, and since when. */
export function sourcesPath(zone: string): string {
  return `sources?timezone=${encodeURIComponent(zone)}`;
}

/** The day that it is in that zone, as 2026-03-01; in UTC where the browser knows no such zone. */
export function today(zone: string, now: Date): string {
  try {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(now);
  } catch {
    return now.toISOString().slice(0, 10);
  }
}

export function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

function monthsBefore(day: string, months: number): string {
  const [year = 0, month = 1] = day.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 - months, 1)).toISOString().slice(0, 10);
}

function minute(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

/** The first and the last day of a range (a moment each for the last 24 hours); none where it has no end. */
export function bounds(state: Pick<State, "range" | "since" | "until">, zone: string, now: Date): Bounds {
  if (state.range === null && (state.since || state.until)) return { since: state.since, until: state.until };
  const day = today(zone, now);
  switch (state.range ?? USUAL) {
    case "today":
      return { since: day, until: day };
    case "yesterday":
      return { since: plusDays(day, -1), until: plusDays(day, -1) };
    case "last-24-hours": {
      const end = Math.ceil(now.getTime() / 60_000) * 60_000;
      return { since: minute(end - DAY_MS), until: minute(end) };
    }
    case "last-7-days":
      return { since: plusDays(day, -6), until: day };
    case "last-90-days":
      return { since: plusDays(day, -89), until: day };
    case "this-month":
      return { since: monthsBefore(day, 0), until: day };
    case "last-month":
      return { since: monthsBefore(day, 1), until: plusDays(monthsBefore(day, 0), -1) };
    case "last-12-months":
      return { since: monthsBefore(day, 11), until: day };
    case "all":
      return { since: null, until: null };
    default:
      return { since: plusDays(day, -29), until: day };
  }
}

function time(text: string, isEnd: boolean): number {
  return text.length > 10 ? Date.parse(text) : Date.parse(`${text}T00:00:00Z`) + (isEnd ? DAY_MS : 0);
}

/** How many days a range has; of one without bounds, those in which anything happened are the bounds. */
export function daysOf(range: Bounds, first: string | null, last: string | null): number {
  const since = range.since ?? first?.slice(0, 10);
  const until = range.until ?? last?.slice(0, 10);
  return since && until ? Math.max((time(until, true) - time(since, false)) / DAY_MS, 0) : 0;
}

/** The windows in which so many days are told: some dozens, a hundred at most. */
export function windowOf(days: number): Window {
  if (days <= 3) return "hour";
  return days <= 100 ? "day" : days <= 700 ? "week" : "month";
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** A window's label as the command line shows it; it has the zone's offset already. */
export function windowShown(label: string, window: Window): string {
  const day = label.slice(0, 10);
  if (window === "month") return label.slice(0, 7);
  if (window === "week") return `week from ${day}`;
  if (window === "hour") return `${day} ${label.slice(11, 16)} ${label.slice(19) || "Z"}`;
  return `${day} ${WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()]}`;
}

/** The same with as few signs as an axis has room for. */
export function windowTick(label: string, window: Window): string {
  if (window === "month") return label.slice(0, 7);
  if (window === "week") return label.slice(0, 10);
  return window === "hour" ? label.slice(11, 16) : label.slice(5, 10);
}

/** A moment's label, to the minute. */
export function minuteShown(label: string | null): string {
  return label === null ? "–" : `${label.slice(0, 10)} ${label.slice(11, 16)}`;
}
