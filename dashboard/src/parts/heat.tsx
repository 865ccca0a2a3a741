import { exact } from "../figures";
import type { QueryRow } from "../shapes";
import { type MeasureName, measure } from "../words";
import { Scroll } from "./scroll";

export const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface Props {
  rows: QueryRow[];
  name: MeasureName;
}

/** The hours of the week: a table, whose cells are the darker the more there is in them. */
export function HeatMap({ rows, name }: Props) {
  const { show, unit, title } = measure(name);
  const values = new Map(rows.map((row) => [`${row.weekday} ${row.hour_of_day}`, row[name] ?? null]));
  const largest = Math.max(0, ...rows.map((row) => row[name] ?? 0));
  return (
    <Scroll label="Hours of the week">
      <table class="heat">
        <caption class="unseen">{title} by weekday and hour of day</caption>
        <thead>
          <tr>
            <td />
            {HOURS.map((hour) => (
              <th key={hour} scope="col">
                {String(hour).padStart(2, "0")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {WEEKDAYS.map((day, index) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              {HOURS.map((hour) => {
                const value = values.get(`${index + 1} ${hour}`) ?? null;
                const part = largest > 0 && value ? Math.max(value / largest, 0.04) : 0;
                const when = `${day} ${String(hour).padStart(2, "0")}:00`;
                return (
                  <td
                    key={hour}
                    style={{ "--heat": `${Math.round(part * 100)}%` }}
                    title={`${when}: ${value === null ? "nothing" : exact(value, unit)}`}
                  >
                    <span class="unseen">{value === null ? "0" : show(value)}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
