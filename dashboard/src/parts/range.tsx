import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { usePage } from "../page";
import { browserZone, RANGES, today, USUAL } from "../ranges";
import { addressOf, go } from "../state";

const OWN = "own";

/** All zones, once somebody wants to choose one: they are many. */
function zones(isWanted: boolean): string[] {
  return isWanted ? Intl.supportedValuesOf("timeZone") : [];
}

/** Which range of time, whose midnights, and whether it is compared. */
export function RangePicker({ children }: { children: ComponentChildren }) {
  const page = usePage();
  const { state, zone } = page;
  const isOwn = state.range === null && Boolean(state.since || state.until);
  const [choosing, setChoosing] = useState(false);
  const [wrong, setWrong] = useState("");
  const [choosesZone, setChoosesZone] = useState(false);
  const chosen = choosing || isOwn ? OWN : (state.range ?? USUAL);
  const hasEnds = page.range.since !== null && page.range.until !== null;
  const choose = (name: string) => {
    setChoosing(name === OWN);
    if (name === OWN) return;
    go(addressOf(state, { range: name === USUAL ? null : name, since: null, until: null }));
  };
  const setDay = (which: "since" | "until", day: string) => {
    const now = today(zone, new Date());
    const kept = {
      since: page.range.since?.slice(0, 10) ?? now,
      until: page.range.until?.slice(0, 10) ?? now,
    };
    const days = { ...kept, [which]: day };
    if (!day) return;
    setWrong(days.until < days.since ? "The last day is before the first." : "");
    if (days.until >= days.since) go(addressOf(state, { range: null, ...days }));
  };
  return (
    <fieldset class="range">
      <legend class="unseen">What is shown</legend>
      <label>
        <span class="unseen">Range</span>
        <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          {Object.entries(RANGES).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
          <option value={OWN}>From … to …</option>
        </select>
      </label>
      {chosen === OWN && (
        <>
          <label>
            from{" "}
            <input
              type="date"
              value={page.range.since?.slice(0, 10) ?? ""}
              onChange={(event) => setDay("since", event.currentTarget.value)}
            />
          </label>
          <label>
            to{" "}
            <input
              type="date"
              value={page.range.until?.slice(0, 10) ?? ""}
              onChange={(event) => setDay("until", event.currentTarget.value)}
            />
          </label>
          {wrong && <span role="alert">{wrong}</span>}
        </>
      )}
      <label>
        <span class="unseen">Time zone</span>
        <select
          class="zone"
          value={zone}
          onFocus={() => setChoosesZone(true)}
          onPointerDown={() => setChoosesZone(true)}
          onChange={(event) => {
            const name = event.currentTarget.value;
            go(addressOf(state, { zone: name === browserZone() ? null : name }));
          }}
        >
          {[...new Set([zone, browserZone(), "UTC", ...zones(choosesZone)])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label
        class="tick"
        title={
          hasEnds
            ? "Against the range of the same length before this one"
            : "There is nothing before all time"
        }
      >
        <input
          type="checkbox"
          disabled={!hasEnds}
          checked={state.compare && hasEnds}
          onChange={(event) => go(addressOf(state, { compare: event.currentTarget.checked }))}
        />{" "}
        Compare
      </label>
      {children}
    </fieldset>
  );
}
