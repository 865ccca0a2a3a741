import { useState } from "preact/hooks";
import { count } from "../figures";
import { remember, usePage } from "../page";
import type { Cell, Column } from "./columns";
import { Scroll } from "./scroll";

const SHOWN = 50;
const MORE = 200;

interface Props<Row> {
  id: string;
  caption: string;
  columns: Column<Row>[];
  rows: Row[];
  /** The column by which rows are sorted at first, with a "-" before it the largest first; none: as they come. */
  sort?: string;
  keyOf: (row: Row) => string;
}

function compared(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return 1; // last, whichever way
  if (b === null) return -1;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
}

/** The rows in that order; those that are alike in it stay as they come. */
export function sorted<Row>(rows: Row[], columns: Column<Row>[], order: string | undefined): Row[] {
  const column = columns.find((one) => one.key === order?.replace(/^-/, ""));
  if (!order || !column) return rows;
  const way = order.startsWith("-") ? -1 : 1;
  return [...rows].sort((left, right) => {
    const [a, b] = [column.value(left), column.value(right)];
    return a === null || b === null ? compared(a, b) : way * compared(a, b);
  });
}

/** Rows with a line of titles, each of which sorts them. */
export function DataTable<Row>({ id, caption, columns, rows, sort, keyOf }: Props<Row>) {
  const page = usePage();
  const [room, setRoom] = useState(SHOWN);
  const order = page.state.more[`${id}-sort`] ?? sort;
  const by = order?.replace(/^-/, "");
  const inOrder = sorted(rows, columns, order);
  const turn = (column: Column<Row>) => {
    const first = column.kind === "number" ? `-${column.key}` : column.key;
    const other = first.startsWith("-") ? column.key : `-${column.key}`;
    remember(page, `${id}-sort`, order === first ? other : first);
  };
  return (
    <Scroll label={caption}>
      <table id={id}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const isBy = by === column.key;
              const way = order?.startsWith("-") ? "descending" : "ascending";
              return (
                <th key={column.key} scope="col" class={column.kind} aria-sort={isBy ? way : "none"}>
                  <button type="button" class="plain" onClick={() => turn(column)}>
                    {column.title}
                    <span aria-hidden="true">{isBy ? (way === "descending" ? " ▾" : " ▴") : ""}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {inOrder.slice(0, room).map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => {
                const part = column.share?.(row);
                const style =
                  part === undefined ? undefined : { "--part": `${Math.round(part * 1000) / 10}%` };
                return (
                  <td
                    key={column.key}
                    class={part === undefined ? column.kind : `${column.kind} bar`}
                    style={style}
                    title={column.exact?.(row)}
                  >
                    {column.show ? column.show(row) : column.value(row)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > room && (
        <button type="button" class="more" onClick={() => setRoom(room + MORE)}>
          Show more: {count(room)} of {count(rows.length)} are shown
        </button>
      )}
    </Scroll>
  );
}
