/** What a view needs to know of the page: its state, the range in days of the zone, and how to ask of just that. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Bounds, Window } from "./ranges";
import type { Sources } from "./shapes";
import { addressOf, go, type State, withFilter } from "./state";
import type { FilterName, MeasureName } from "./words";

export interface Page {
  state: State;
  zone: string;
  range: Bounds;
  /** In which time is told. */
  window: Window;
  sources: Sources | null;
}

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === null) throw new Error("a view outside of the page");
  return page;
}

type Said = Record<string, string | number | boolean | string[] | null>;

function added(query: URLSearchParams, said: Said): URLSearchParams {
  for (const [name, value] of Object.entries(said)) {
    if (value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
  }
  return query;
}

/** The address that asks about the page's range, zone and filters. */
export function asked(page: Page, path: string, more: Said = {}): string {
  const { since, until } = page.range;
  const said = { since, until, timezone: page.zone, ...page.state.filters, ...more };
  return `${path}?${added(new URLSearchParams(), said)}`;
}

/** The address of a session, or of its timeline: of all of it, whatever the page's range. */
export function askedOfSession(
  page: Page,
  what: "sessions" | "timelines",
  id: string,
  more: Said = {},
): string {
  return `${what}/${encodeURIComponent(id)}?${added(new URLSearchParams(), { timezone: page.zone, ...more })}`;
}

export function askedQuery(page: Page, measures: MeasureName[], by: string[], more: Said = {}): string {
  const grouped: Said = by.length > 0 ? { by: by.join(",") } : {};
  return asked(page, "query", { measures: measures.join(","), ...grouped, ...more });
}

/** Whether there is an earlier range of the same length to compare with, and that is wanted. */
export function compares(page: Page): boolean {
  return page.state.compare && page.range.since !== null && page.range.until !== null;
}

/** Remembers something of a view in the address. */
export function remember(page: Page, name: string, value: string | null): void {
  const { [name]: _, ...others } = page.state.more;
  const more = value === null ? others : { ...others, [name]: value };
  go(addressOf(page.state, { more }), "replace");
}

/** Narrows the page to one more name. */
export function narrow(page: Page, filter: FilterName, value: string): void {
  go(addressOf(page.state, { filters: withFilter(page.state.filters, filter, value) }));
}
