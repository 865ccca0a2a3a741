import type { ComponentChildren } from "preact";
import type { Answer } from "../data";
import { exact } from "../figures";
import { usePage } from "../page";
import { type Window, windowShown, windowTick } from "../ranges";
import type { QueryAnswer, QueryRow } from "../shapes";
import { type MeasureName, measure } from "../words";
import { ChartCard } from "./chart";
import { type Column, measureColumn, nameColumn } from "./columns";
import type { Drawn, Series } from "./options";

const OTHER = "(other)";

interface Props {
  id: string;
  title: string;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
  /** A query by windows of the page, and by names if there is a dimension. */
  of: Answer<QueryAnswer>;
  /** Of the query; that of the page unless said. */
  window?: Window;
  measure: MeasureName;
  dimension: string | null;
  /** In which order names come, where that isn't by how much they have of it: as in another chart beside it. */
  like?: string[];
  empty: string;
}

/** The series of a query's rows, in the order in which they come, and what stands along the axis. */
function seriesOf(
  rows: QueryRow[],
  window: string,
  dimension: string | null,
  name: MeasureName,
  like: string[] = [],
) {
  const rank = (key: string) => (like.includes(key) ? like.indexOf(key) : like.length);
  const labels = [...new Set(rows.map((row) => String(row[window])))].sort(
    (a, b) => Date.parse(a) - Date.parse(b),
  );
  const place = new Map(labels.map((label, index) => [label, index]));
  const found = new Map<string, Series & { whole: number }>();
  for (const row of rows) {
    const key = dimension === null ? measure(name).title : String(row[dimension]);
    let series = found.get(key);
    if (!series) {
      series = { name: key, values: labels.map(() => null), isOther: key === OTHER, whole: 0 };
      found.set(key, series);
    }
    const value = row[name] ?? null;
    series.values[place.get(String(row[window])) ?? 0] = value;
    series.whole += value ?? 0;
  }
  const series = [...found.values()].sort(
    (a, b) => Number(a.isOther) - Number(b.isOther) || rank(a.name) - rank(b.name) || b.whole - a.whole,
  );
  return { labels, series };
}

/** A measure in windows of time: stacked columns where parts add up, lines where they don't. */
export function OverTime(props: Props) {
  const page = usePage();
  const window = props.window ?? page.window;
  const { dimension } = props;
  const { addsUp = false, show, unit } = measure(props.measure);
  const columns: Column<QueryRow>[] = [
    {
      key: "window",
      title: window,
      kind: "text",
      value: (row) => String(row[window]),
      show: (row) => windowShown(String(row[window]), window),
    },
    ...(dimension
      ? [nameColumn<QueryRow>(dimension.replace("_", " "), (row) => String(row[dimension]))]
      : []),
    measureColumn<QueryRow>(props.measure, (row) => row[props.measure]),
  ];
  const drawn = (rows: QueryRow[]): Drawn => {
    const { labels, series } = seriesOf(rows, window, dimension, props.measure, props.like);
    return {
      kind: addsUp || dimension === null ? "columns" : "lines",
      labels: labels.map((label) => windowShown(label, window)),
      ticks: labels.map((label) => windowTick(label, window)),
      series,
      stacked: addsUp,
      show,
      unit,
      exact: (value) => exact(value, unit),
    };
  };
  return (
    <ChartCard
      id={props.id}
      title={props.title}
      note={props.note}
      actions={props.actions}
      {...(props.wide ? { wide: true } : {})}
      of={props.of}
      rows={(data) => data.rows}
      columns={() => columns}
      keyOf={(row) => `${row[window]} ${dimension ? row[dimension] : ""}`}
      drawn={drawn}
      empty={props.empty}
    />
  );
}
