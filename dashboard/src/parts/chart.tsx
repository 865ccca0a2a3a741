import type { ComponentChildren } from "preact";
import type { Answer } from "../data";
import { printable } from "../names";
import { remember, usePage } from "../page";
import { colour, useTheme } from "../theme";
import { Canvas } from "./canvas";
import { Card, CsvButton } from "./card";
import type { Column } from "./columns";
import { Name } from "./name";
import type { Drawn, Series } from "./options";
import { Answered, Empty } from "./states";
import { DataTable } from "./table";

const BAR_HEIGHT = 26;

function Legend({ series }: { series: Series[] }) {
  const theme = useTheme();
  return (
    <ul class="legend">
      {series.map((one, place) => (
        <li key={one.name}>
          <i style={{ background: colour(theme, place, one.isOther) }} />
          <Name text={one.name} length={32} />
        </li>
      ))}
    </ul>
  );
}

interface Props<T, Row> {
  id: string;
  title: string;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean;
  of: Answer<T>;
  /** The rows of the table beside the chart, and what is drawn of them. */
  rows: (data: T) => Row[];
  columns: (rows: Row[]) => Column<Row>[];
  keyOf: (row: Row) => string;
  drawn: (rows: Row[], data: T) => Drawn | null;
  /** What is said where there is nothing. */
  empty: string;
  height?: number;
}

/** A chart and the table of the same values, one of which is shown. */
export function ChartCard<T, Row>(props: Props<T, Row>) {
  const { id, title, of } = props;
  const page = usePage();
  const isTable = page.state.more[id] === "table";
  const rows = of.data === null ? [] : props.rows(of.data);
  const columns = props.columns(rows);
  const actions = (
    <>
      {props.actions}
      <button
        type="button"
        class="small"
        aria-pressed={isTable}
        aria-label={`${title} as a table`}
        onClick={() => remember(page, id, isTable ? null : "table")}
      >
        Table
      </button>
      <CsvButton name={id} columns={columns} rows={rows} />
    </>
  );
  return (
    <Card title={title} note={props.note} actions={actions} {...(props.wide ? { wide: true } : {})}>
      <Answered of={of} lines={8} isAll>
        {(data) => {
          if (rows.length === 0) return <Empty>{props.empty}</Empty>;
          if (isTable)
            return (
              <DataTable
                id={`${id}-table`}
                caption={title}
                columns={columns}
                rows={rows}
                keyOf={props.keyOf}
              />
            );
          const drawn = props.drawn(rows, data);
          if (drawn === null) return <Empty>{props.empty}</Empty>;
          const height =
            drawn.kind === "bars" ? 44 + drawn.labels.length * BAR_HEIGHT : (props.height ?? 260);
          const label = `Chart: ${title}, ${drawn.labels.length} places, ${drawn.series
            .map((series) => printable(series.name).slice(0, 40))
            .join(", ")}. The button Table shows the values.`;
          return (
            <>
              {drawn.series.length > 1 && <Legend series={drawn.series} />}
              <Canvas drawn={drawn} label={label} height={height} />
            </>
          );
        }}
      </Answered>
    </Card>
  );
}
