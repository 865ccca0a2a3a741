/** Tables as files, in the form in which the command line prints them. */

import { csvCell } from "./names";
import type { Column } from "./parts/columns";

export function csvText<Row>(columns: Column<Row>[], rows: Row[]): string {
  const lines = [columns.map((column) => csvCell(column.title))];
  for (const row of rows) lines.push(columns.map((column) => csvCell(column.value(row))));
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** Hands a file to the browser, to be saved. */
export function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = `tachograph-${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
