import { useAnswer } from "../data";
import { several } from "../figures";
import { changeOf, partOf, wordsOf } from "../insightwords";
import { usePage } from "../page";
import { Choose, useChoice } from "../parts/choose";
import { Name } from "../parts/name";
import { Answered } from "../parts/states";
import { plusDays, today } from "../ranges";
import type { Explanation, Insight, Insights } from "../shapes";
import { addressOf, go } from "../state";

const YEAR_DAYS = 365;
const TOLD = 2;
const SENSES = { bad: "worse", good: "better", neutral: "other" } as const;
const DIMENSIONS: Record<string, string> = { error_type: "kind of error", acting_agent: "agent" };
const SENSITIVITIES = { normal: "normal", low: "low", high: "high" } as const;

function Explained({ insight, of }: { insight: Insight; of: Explanation }) {
  return (
    <li>
      {DIMENSIONS[of.dimension] ?? of.dimension}:{" "}
      {of.groups.map((one, place) => (
        <span key={one.group ?? ""}>
          {place > 0 && ", "}
          <Name text={one.group ?? "none"} /> ({partOf(one.share)}: {changeOf(insight, of, one)})
        </span>
      ))}
    </li>
  );
}

function One({ insight }: { insight: Insight }) {
  const { state } = usePage();
  const { title, value, shownBy } = wordsOf(insight.measure);
  const look = () =>
    go(
      addressOf(state, {
        view: "activity",
        range: null,
        since: plusDays(insight.since, -14),
        until: plusDays(insight.last, 3),
        filters: insight.project === null ? {} : { project: [insight.project] },
        more: shownBy ? { measure: shownBy } : {},
      }),
    );
  return (
    <li class={`insight ${insight.sense}`}>
      <h2>
        <span class="sense">
          <span aria-hidden="true">{insight.direction === "up" ? "▲" : "▼"}</span> {SENSES[insight.sense]}
        </span>{" "}
        {title}{" "}
        {insight.project === null ? (
          "overall"
        ) : (
          <>
            in <Name text={insight.project} />
          </>
        )}
      </h2>
      <p>
        <strong>{value(insight.value)}</strong> on {insight.day}
        {!insight.is_over && " so far"}, usually {value(insight.usual)} ({value(insight.low)} to{" "}
        {value(insight.high)})
        {insight.days > 1 && `; on ${insight.days} days in a row since ${insight.since}`}
        {insight.also.map((also) => {
          const words = wordsOf(also.measure);
          return `; ${words.title} ${words.value(also.value)}, usually ${words.value(also.usual)}`;
        })}
      </p>
      {insight.explanations.length > 0 && (
        <>
          <p class="note">Explained by</p>
          <ul>
            {insight.explanations.slice(0, TOLD).map((one) => (
              <Explained key={one.dimension} insight={insight} of={one} />
            ))}
          </ul>
        </>
      )}
      <p class="note">
        <button type="button" class="small" onClick={look}>
          Show these days
        </button>{" "}
        <code>
          <bdi>{insight.command}</bdi>
        </code>
      </p>
    </li>
  );
}

function Nothing({ of }: { of: Insights }) {
  if (of.active_days === 0)
    return (
      <p class="empty">
        Nothing happened on these days
        {of.latest ? `; the last on which something did is ${of.latest}.` : ", nor on any other."}
      </p>
    );
  if (of.comparisons > 0)
    return (
      <p class="empty">
        Nothing unusual in {several(of.comparisons, "comparison")} of a day's figure with those of the six
        weeks before it.
      </p>
    );
  return (
    <p class="empty">
      Too little history: at least {of.past_days_needed} days like it are needed in the six weeks before a
      day. There {of.past_days === 1 ? "is" : "are"} {several(of.past_days, "day")} with any metrics; weekends
      are not like other days, and days with few calls don't count for their rates and durations.
    </p>
  );
}

/** The days of the page's range, a year of them at most. */
function useDays(): { since: string; until: string } {
  const { range, zone, sources } = usePage();
  const now = today(zone, new Date());
  const latest =
    sources?.sources
      .flatMap(({ last }) => last?.slice(0, 10) ?? [])
      .sort()
      .at(-1) ?? now;
  const until = range.until?.slice(0, 10) ?? latest;
  const earliest = plusDays(until, 1 - YEAR_DAYS);
  const since = range.since?.slice(0, 10) ?? earliest;
  const isTooLong = since < earliest;
  return { since: isTooLong ? earliest : since, until };
}

/** What changed: unusual days, and what explains them. */
export function InsightsView() {
  const { state, zone } = usePage();
  const { since, until } = useDays();
  const sensitivity = useChoice<keyof typeof SENSITIVITIES>("sensitivity", SENSITIVITIES, "normal");
  const query = new URLSearchParams({ since, until, timezone: zone, sensitivity });
  for (const project of state.filters.project ?? []) query.append("project", project);
  const answer = useAnswer<Insights>(`insights?${query}`);
  const others = Object.keys(state.filters).some((name) => name !== "project");
  return (
    <>
      <div class="choosing">
        <Choose id="sensitivity" label="Sensitivity" names={SENSITIVITIES} usual="normal" />
        <p class="note">
          Days from {since} to {until}, against the six weeks before each.
          {others && " Whole projects are looked at: of the filters only that of projects counts here."}
        </p>
      </div>
      <Answered of={answer} lines={8}>
        {(data) => (
          <>
            {data.insights.length === 0 ? (
              <Nothing of={data} />
            ) : (
              <ul class="insights">
                {data.insights.map((one) => (
                  <One key={`${one.project} ${one.measure} ${one.day} ${one.direction}`} insight={one} />
                ))}
              </ul>
            )}
            {data.at_least.length > 0 && (
              <p class="note">
                Logs or prices don't tell all of {data.at_least.map((name) => wordsOf(name).title).join(", ")}
                : a change of it may be one of what is told.
              </p>
            )}
          </>
        )}
      </Answered>
    </>
  );
}
