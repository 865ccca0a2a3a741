/** Columns that many tables have. */

import type { ComponentChildren } from "preact";
import { change, count, exact } from "../figures";
import type { QueryRow } from "../shapes";
import { type MeasureName, measure } from "../words";
import { Name } from "./name";

export type Cell = string | number | null;

export interface Column<Row> {
  key: string;
  title: string;
  kind: "name" | "number" | "text";
  /** What it is sorted by, and what is in the CSV. */
  value: (row: Row) => Cell;
  /** What is shown of it; the value itself unless said. */
  show?: (row: Row) => ComponentChildren;
  /** The exact value, where less is shown. */
  exact?: (row: Row) => string | undefined;
  /** How much of the largest it is, from 0 to 1, for a bar behind it. */
  share?: (row: Row) => number;
}

export function nameColumn<Row>(
  title: string,
  of: (row: Row) => string,
  onPick?: (row: Row) => void,
  hint?: string,
): Column<Row> {
  return {
    key: "name",
    title,
    kind: "name",
    value: of,
    show: (row) => <Name text={of(row)} onPick={onPick && (() => onPick(row))} {...(hint ? { hint } : {})} />,
  };
}

export function numberColumn<Row>(key: string, title: string, of: (row: Row) => number | null): Column<Row> {
  return { key, title, kind: "number", value: of, show: (row) => count(of(row)) };
}

/** A measure's column; `atLeast` says whether a row's is a lower bound, `of` where it isn't under the measure's name. */
export function measureColumn<Row>(
  name: MeasureName,
  of: (row: Row) => number | null | undefined,
  atLeast: (row: Row) => boolean = () => false,
): Column<Row> {
  const { title, show, unit } = measure(name);
  const bound = (row: Row) => (atLeast(row) ? "≥" : "");
  return {
    key: name,
    title,
    kind: "number",
    value: (row) => of(row) ?? null,
    show: (row) => bound(row) + show(of(row)),
    exact: (row) => (atLeast(row) ? "at least " : "") + exact(of(row), unit),
  };
}

/** The column with a bar behind each value, as long as it is large. */
export function withBar<Row>(column: Column<Row>, rows: Row[]): Column<Row> {
  const number = (row: Row) => {
    const value = column.value(row);
    return typeof value === "number" && value > 0 ? value : 0;
  };
  const largest = Math.max(0, ...rows.map(number));
  return { ...column, share: (row) => (largest > 0 ? number(row) / largest : 0) };
}

/** How a measure of a query's rows changed against the range before; it is sorted by the difference. */
export function changeColumn(name: MeasureName, title: string): Column<QueryRow> {
  const { show, isRate = false } = measure(name);
  const before = (row: QueryRow) => row.previous?.[name] ?? null;
  return {
    key: `${name}-change`,
    title,
    kind: "number",
    value: (row) => (row[name] ?? 0) - (before(row) ?? 0),
    show: (row) => (row.previous ? change(row[name], before(row), isRate, show) : "new"),
    exact: (row) => `before: ${exact(before(row))}`,
  };
}
