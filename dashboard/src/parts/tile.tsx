import { change, exact } from "../figures";
import { type Window, windowShown } from "../ranges";
import type { QueryAnswer } from "../shapes";
import { type MeasureName, measure } from "../words";

const WIDTH = 120;
const HEIGHT = 28;

interface SparkProps {
  values: (number | null)[];
  label: string;
  /** What is told of each value where the pointer is. */
  told: (place: number) => string;
}

/** A line so small that only its form is told. */
function Spark({ values, label, told }: SparkProps) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const largest = Math.max(...known, 0);
  const step = WIDTH / (values.length - 1);
  let path = "";
  let drawing = false;
  values.forEach((value, index) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const y = HEIGHT - 2 - (largest > 0 ? value / largest : 0) * (HEIGHT - 5);
    path += `${drawing ? "L" : "M"}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    drawing = true;
  });
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path d={path} />
      {values.map((_, place) => (
        <rect key={told(place)} x={(place - 0.5) * step} width={step} height={HEIGHT}>
          <title>{told(place)}</title>
        </rect>
      ))}
    </svg>
  );
}

/** In which window there is most of it, in words. */
function mostOf(answer: QueryAnswer, name: MeasureName, window: Window): string {
  const { show } = measure(name);
  const [first, ...others] = answer.rows;
  if (!first) return "";
  const most = others.reduce((best, row) => ((row[name] ?? -1) > (best[name] ?? -1) ? row : best), first);
  return `; most: ${show(most[name])}, ${windowShown(String(most[window]), window)}`;
}

interface Props {
  name: MeasureName;
  title?: string;
  answer: QueryAnswer;
  /** In which its course is told; null where it isn't. */
  window: Window | null;
  small?: boolean;
}

/** A figure of the whole range: how it went, and how it changed against the range before. */
export function Tile({ name, title, answer, window, small }: Props) {
  const { title: usual, show, unit, isRate = false, sense } = measure(name);
  const now = answer.total[name];
  const before = answer.total.previous?.[name];
  const isLeast = answer.at_least.includes(name);
  const compared = answer.total.previous !== undefined;
  const changed = change(now, before, isRate, (value) => show(value));
  const rises = typeof now === "number" && typeof before === "number" && now !== before ? now > before : null;
  const tone = sense && rises !== null ? (rises === (sense === "good") ? "good" : "bad") : "neutral";
  const values = answer.rows.map((row) => row[name] ?? null);
  const words = title ?? usual;
  return (
    <div class={small ? "tile small" : "tile"} data-measure={name}>
      <h3>{words}</h3>
      <p class="figure" title={`${isLeast ? "at least " : ""}${exact(now, unit)}`} data-value={now ?? ""}>
        {isLeast && <span class="least">at least </span>}
        {show(now)}
      </p>
      {compared && (
        <p class={`change ${tone}`} title={`before: ${exact(before, unit)}`}>
          {rises !== null && <span aria-hidden="true">{rises ? "▲" : "▼"} </span>}
          {changed}
          <span class="unseen"> against the range before, which had {show(before)}</span>
        </p>
      )}
      {window && (
        <Spark
          values={values}
          label={`${words} by ${window}${mostOf(answer, name, window)}`}
          told={(place) => {
            const row = answer.rows[place];
            return `${windowShown(String(row?.[window]), window)}: ${exact(row?.[name], unit)}`;
          }}
        />
      )}
    </div>
  );
}
