import { several, tokens } from "../figures";
import type { Aggregation } from "../shapes";
import { Name } from "./name";

const NAMED = 5;

/** Why tokens or cost are no more than a lower bound, and what is told less exactly, as the command line says it. */
export function Remarks({ of }: { of: Aggregation<unknown> }) {
  const { unpriced } = of.cost_stats;
  const { unknown, lower_bounds: bounds } = of.token_stats;
  const { condensed } = of;
  if (unpriced.length === 0 && !unknown && !bounds && !condensed) return null;
  return (
    <ul class="remarks">
      {unpriced.length > 0 && (
        <li>
          No price is known for{" "}
          {unpriced.slice(0, NAMED).map((one, place) => (
            <span key={one.model ?? ""}>
              {place > 0 && ", "}
              {one.model === null ? "what names no model" : <Name text={one.model} length={40} />} (
              {tokens(one.tokens)} tokens)
            </span>
          ))}
          {unpriced.length > NAMED && `, ${several(unpriced.length - NAMED, "more model")}`}: the cost is at
          least so much.
        </li>
      )}
      {bounds > 0 && <li>{several(bounds, "reply", "replies")}: the log has less than the whole output.</li>}
      {unknown > 0 && <li>{several(unknown, "request")}: the log doesn't tell the tokens.</li>}
      {condensed && (
        <li>
          {several(condensed.metrics, "metric")} before {condensed.before.slice(0, 10)}: only sums by{" "}
          {condensed.resolution} are kept; percentiles are {condensed.duration_percentiles}
          {condensed.uncertain > 0 &&
            `, and ${several(condensed.uncertain, "metric")} may belong to another window`}
          .
        </li>
      )}
    </ul>
  );
}
