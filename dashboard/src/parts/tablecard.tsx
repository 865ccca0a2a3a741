import type { ComponentChildren } from "preact";
import type { Answer } from "../data";
import { count } from "../figures";
import { usePage } from "../page";
import { Card, CsvButton } from "./card";
import type { Column } from "./columns";
import { Answered, Empty } from "./states";
import { DataTable } from "./table";

interface Props<T, Row> {
  id: string;
  title: string;
  note?: ComponentChildren;
  of: Answer<T>;
  rows: (data: T) => Row[];
  columns: (rows: Row[]) => Column<Row>[];
  keyOf: (row: Row) => string;
  sort?: string;
  /** Whether the rows are the first of more, which can be had. */
  isPart?: boolean;
  /** Whether there is room for another card beside it. */
  narrow?: boolean;
  empty: string;
  after?: ComponentChildren;
}

/** A table that is a part of a view. */
export function TableCard<T, Row>(props: Props<T, Row>) {
  const page = usePage();
  const rows = props.of.data === null ? [] : props.rows(props.of.data);
  const columns = props.columns(rows);
  const order = page.state.more[`${props.id}-sort`] ?? props.sort;
  return (
    <Card
      title={rows.length > 0 ? `${props.title} (${count(rows.length)})` : props.title}
      note={props.note}
      wide={!props.narrow}
      actions={<CsvButton name={props.id} columns={columns} rows={rows} sort={order} />}
    >
      <Answered of={props.of} lines={8} isAll={!props.isPart}>
        {() =>
          rows.length === 0 ? (
            <Empty>{props.empty}</Empty>
          ) : (
            <DataTable
              id={props.id}
              caption={props.title}
              columns={columns}
              rows={rows}
              keyOf={props.keyOf}
              {...(props.sort ? { sort: props.sort } : {})}
            />
          )
        }
      </Answered>
      {props.after}
    </Card>
  );
}
