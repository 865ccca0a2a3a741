import type { ComponentChildren } from "preact";
import type { Answer } from "../data";
import { exact } from "../figures";
import { type MeasureName, measure } from "../words";
import { ChartCard } from "./chart";
import type { Column } from "./columns";
import type { Drawn } from "./options";

const SHOWN = 12;

interface Props<T, Row> {
  id: string;
  title: string;
  note?: ComponentChildren;
  of: Answer<T>;
  rows: (data: T) => Row[];
  columns: Column<Row>[];
  name: (row: Row) => string;
  /** What is drawn of each row. */
  measures: [MeasureName, (row: Row) => number | null | undefined][];
  /** By what the largest come first; by what is drawn first, or by all of it where it is stacked, unless said. */
  order?: (row: Row) => number;
  stacked?: boolean;
  logarithmic?: boolean;
  empty: string;
}

/** The largest of named things, as bars that lie; the table has all of them. */
export function Named<T, Row>(props: Props<T, Row>) {
  const [first] = props.measures;
  if (!first) return null;
  const { show, unit } = measure(first[0]);
  const amount = (row: Row) =>
    props.order?.(row) ??
    (props.stacked ? props.measures : [first]).reduce((sum, [, of]) => sum + (of(row) ?? 0), 0);
  const drawn = (rows: Row[]): Drawn | null => {
    const top = rows.filter((row) => amount(row) > 0).slice(0, SHOWN);
    if (top.length === 0) return null;
    return {
      kind: "bars",
      labels: top.map(props.name),
      ticks: top.map(props.name),
      series: props.measures.map(([name, of]) => ({
        name: measure(name).title,
        values: top.map((row) => of(row) ?? null),
      })),
      stacked: props.stacked ?? false,
      show,
      unit,
      exact: (value) => exact(value, unit),
      logarithmic: props.logarithmic ?? false,
    };
  };
  return (
    <ChartCard
      id={props.id}
      title={props.title}
      note={props.note}
      of={props.of}
      rows={(data) => [...props.rows(data)].sort((a, b) => amount(b) - amount(a))}
      columns={() => props.columns}
      keyOf={props.name}
      drawn={drawn}
      empty={props.empty}
    />
  );
}
