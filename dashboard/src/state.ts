/** What the page shows, as its address says it: everything is in the address, so a bookmark shows the same again. */

import { useEffect, useState } from "preact/hooks";
import { FILTERS, type FilterName } from "./words";

export const VIEWS = {
  overview: "Overview",
  activity: "Activity",
  tools: "Tools",
  agents: "Agents",
  projects: "Projects",
  users: "Users",
  models: "Models",
  errors: "Errors",
  insights: "Insights",
  sessions: "Sessions",
  health: "Data health",
} as const;

export type View = keyof typeof VIEWS;
export type Filters = Partial<Record<FilterName, string[]>>;

export interface State {
  view: View;
  /** Of the session that is looked into; in the view `sessions` alone. */
  session: string | null;
  /** A range by name, else the first and the last day. */
  range: string | null;
  since: string | null;
  until: string | null;
  zone: string | null;
  compare: boolean;
  filters: Filters;
  /** What a view remembers of itself, such as what its chart is split by. */
  more: Record<string, string>;
}

const FILTER_NAMES = Object.keys(FILTERS) as FilterName[];
const OWN = new Set(["range", "since", "until", "timezone", "compare", "of", ...FILTER_NAMES]);

export function read(hash: string): State {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const given = new URLSearchParams(query);
  const filters: Filters = {};
  for (const name of FILTER_NAMES) {
    const values = [...new Set(given.getAll(name))];
    if (values.length > 0) filters[name] = values;
  }
  return {
    view: path in VIEWS ? (path as View) : "overview",
    session: path === "sessions" ? given.get("of") : null,
    range: given.get("range"),
    since: given.get("since"),
    until: given.get("until"),
    zone: given.get("timezone"),
    compare: given.get("compare") !== "no",
    filters,
    more: Object.fromEntries([...given].filter(([name]) => !OWN.has(name))),
  };
}

export function written(state: State): string {
  const said = new URLSearchParams();
  const put = (name: string, value: string | null) => value && said.append(name, value);
  put("of", state.session);
  put("range", state.range);
  put("since", state.since);
  put("until", state.until);
  put("timezone", state.zone);
  if (!state.compare) said.append("compare", "no");
  for (const name of FILTER_NAMES) for (const value of state.filters[name] ?? []) said.append(name, value);
  for (const [name, value] of Object.entries(state.more)) put(name, value);
  const query = said.toString();
  return `#/${state.view}${query && `?${query}`}`;
}

/** The address of another state: of a view, what others remember of themselves is left out. */
export function addressOf(state: State, change: Partial<State>): string {
  const leaves = change.view !== undefined && change.view !== state.view;
  return written({ ...state, ...(leaves ? { session: null, more: {} } : {}), ...change });
}

export function withFilter(filters: Filters, name: FilterName, value: string): Filters {
  const known = filters[name] ?? [];
  return known.includes(value) ? filters : { ...filters, [name]: [...known, value] };
}

export function withoutFilter(filters: Filters, name: FilterName, value?: string): Filters {
  const left = value === undefined ? [] : (filters[name] ?? []).filter((one) => one !== value);
  const { [name]: _, ...others } = filters;
  return left.length > 0 ? { ...others, [name]: left } : others;
}

export function go(address: string, how: "push" | "replace" = "push"): void {
  if (address === location.hash) return;
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The state, whenever it changes. */
export function useAddress(): State {
  const [state, set] = useState(() => read(location.hash));
  useEffect(() => {
    const changed = () => set(read(location.hash));
    addEventListener("popstate", changed);
    addEventListener("hashchange", changed);
    return () => {
      removeEventListener("popstate", changed);
      removeEventListener("hashchange", changed);
    };
  }, []);
  return state;
}
