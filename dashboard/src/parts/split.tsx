import type { Answer } from "../data";
import { exact } from "../figures";
import type { QueryAnswer, QueryRow } from "../shapes";
import { type MeasureName, measure } from "../words";
import { ChartCard } from "./chart";
import { measureColumn, nameColumn } from "./columns";
import type { Drawn } from "./options";

const ROWS = 10;
const SERIES = 7;
const OTHER = "(other)";

interface Props {
  id: string;
  title: string;
  note?: string;
  of: Answer<QueryAnswer>;
  /** The dimensions of the query: whose bars there are, and of what they consist. */
  row: string;
  series: string;
  measure: MeasureName;
  empty: string;
}

/** The sums of rows by one of their dimensions, the largest first. */
function sums(rows: QueryRow[], dimension: string, name: MeasureName): [string, number][] {
  const found = new Map<string, number>();
  for (const row of rows) {
    const key = String(row[dimension]);
    found.set(key, (found.get(key) ?? 0) + (row[name] ?? 0));
  }
  return [...found].sort((a, b) => b[1] - a[1]);
}

/** What named things consist of: lying bars, of a part for each of the other names. */
export function Split({ id, title, note, of, row: whose, series: what, measure: name, empty }: Props) {
  const { show, unit } = measure(name);
  const drawn = (rows: QueryRow[]): Drawn => {
    const places = sums(rows, whose, name)
      .slice(0, ROWS)
      .map(([key]) => key);
    const parts = sums(rows, what, name).map(([key]) => key);
    const shown = parts.slice(0, SERIES);
    const value = (place: string, isOf: (part: string) => boolean) =>
      rows
        .filter((row) => String(row[whose]) === place && isOf(String(row[what])))
        .reduce((sum, row) => sum + (row[name] ?? 0), 0);
    const series = shown.map((part) => ({
      name: part,
      values: places.map((place) => value(place, (one) => one === part)),
    }));
    const other = {
      name: OTHER,
      isOther: true,
      values: places.map((place) => value(place, (one) => !shown.includes(one))),
    };
    return {
      kind: "bars",
      labels: places,
      ticks: places,
      series: parts.length > SERIES ? [...series, other] : series,
      stacked: true,
      show,
      unit,
      exact: (number) => exact(number, unit),
    };
  };
  return (
    <ChartCard
      id={id}
      title={title}
      note={note}
      of={of}
      rows={(data) => data.rows.filter((row) => (row[name] ?? 0) > 0)}
      columns={() => [
        nameColumn<QueryRow>(whose.replace("_", " "), (row) => String(row[whose])),
        { ...nameColumn<QueryRow>(what.replace("_", " "), (row) => String(row[what])), key: "part" },
        measureColumn<QueryRow>(name, (row) => row[name]),
      ]}
      keyOf={(row) => `${row[whose]} ${row[what]}`}
      drawn={drawn}
      empty={empty}
    />
  );
}
