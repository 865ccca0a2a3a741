import type { ComponentChildren } from "preact";
import { csvText, save } from "../csv";
import type { Column } from "./columns";
import { sorted } from "./table";

interface CardProps {
  title: string;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean | undefined;
  children: ComponentChildren;
}

/** A part of a view, with a title. */
export function Card({ title, note, actions, wide, children }: CardProps) {
  return (
    <section class={wide ? "card wide" : "card"} aria-label={title}>
      <header>
        <h2>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {note && <p class="note">{note}</p>}
      {children}
    </section>
  );
}

interface CsvProps<Row> {
  name: string;
  columns: Column<Row>[];
  rows: Row[];
  sort?: string | undefined;
}

export function CsvButton<Row>({ name, columns, rows, sort }: CsvProps<Row>) {
  const hand = () => save(name, csvText(columns, sorted(rows, columns, sort)));
  return (
    <button
      type="button"
      class="small"
      disabled={rows.length === 0}
      onClick={hand}
      aria-label={`CSV of ${name}`}
    >
      CSV
    </button>
  );
}
