import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Revision, useAnswer } from "./data";
import { several } from "./figures";
import { useLive } from "./live";
import { type Page, PageContext } from "./page";
import { Chips, FilterDialog } from "./parts/filters";
import { Gate } from "./parts/gate";
import { RangePicker } from "./parts/range";
import { Trouble } from "./parts/states";
import { type Bounds, bounds, browserZone, daysOf, minuteShown, sourcesPath, windowOf } from "./ranges";
import type { Sources } from "./shapes";
import { addressOf, go, type State, useAddress, VIEWS, type View } from "./state";
import { type Choice, choice, choose } from "./theme";
import { ActivityView } from "./views/activity";
import { AgentsView } from "./views/agents";
import { ErrorsView } from "./views/errors";
import { HealthView } from "./views/health";
import { InsightsView } from "./views/insights";
import { ModelsView } from "./views/models";
import { OverviewView } from "./views/overview";
import { ProjectsView } from "./views/projects";
import { SessionView } from "./views/session";
import { SessionsView } from "./views/sessions";
import { ToolsView } from "./views/tools";
import { UsersView } from "./views/users";

const SHOWS: Record<View, ComponentType> = {
  overview: OverviewView,
  activity: ActivityView,
  tools: ToolsView,
  agents: AgentsView,
  projects: ProjectsView,
  users: UsersView,
  models: ModelsView,
  errors: ErrorsView,
  insights: InsightsView,
  sessions: SessionsView,
  health: HealthView,
};
const IS_DEMO = location.search === "?demo";

/** When anything happened first and last, of all sources. */
function spanOf(sources: Sources | null): [string | null, string | null] {
  const by = (a: string, b: string) => Date.parse(a) - Date.parse(b);
  const firsts = (sources?.sources ?? []).flatMap(({ first }) => first ?? []).sort(by);
  const lasts = (sources?.sources ?? []).flatMap(({ last }) => last ?? []).sort(by);
  return [firsts[0] ?? null, lasts.at(-1) ?? null];
}

function Navigation({ state }: { state: State }) {
  const list = useRef<HTMLElement>(null);

  // Where there is little room, the view's name is scrolled to.
  useEffect(() => {
    const now = list.current?.querySelector("[aria-current]");
    now?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [state.view]);

  return (
    <nav aria-label="Views" ref={list}>
      <ul>
        {Object.entries(VIEWS).map(([view, title]) => (
          <li key={view}>
            <a
              href={addressOf(state, { view: view as View, session: null })}
              aria-current={state.view === view ? "page" : undefined}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ThemePicker() {
  const [now, set] = useState(choice);
  return (
    <label>
      <span class="unseen">Theme</span>
      <select
        value={now}
        onChange={(event) => {
          const chosen = event.currentTarget.value as Choice;
          choose(chosen);
          set(chosen);
        }}
      >
        <option value="auto">System theme</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}

interface NothingProps {
  state: State;
  range: Bounds;
  sources: Sources;
}

/** That nothing is shown since nothing happened in the range, and when something did. */
function NothingThere({ state, range, sources }: NothingProps) {
  const [first, last] = spanOf(sources);
  if (first === null || last === null)
    return (
      <div class="banner" role="status">
        <p>
          <strong>There is nothing in the store yet.</strong> This page fills as agents work. If they have
          worked on this machine before, <code>tachograph sources</code> says where their logs are looked for;{" "}
          <code>tachograph ingest PATH</code> reads others; <code>tachograph dashboard --demo</code> shows a
          made-up history.
        </p>
      </div>
    );
  const isBefore = range.since !== null && Date.parse(last) < Date.parse(range.since);
  const isAfter = range.until !== null && first.slice(0, 10) > range.until;
  if (!isBefore && !isAfter) return null;
  return (
    <div class="banner" role="status">
      <p>
        <strong>Nothing happened in this range.</strong> What there is, is from {minuteShown(first)} to{" "}
        {minuteShown(last)}.{" "}
        <a href={addressOf(state, { range: "all", since: null, until: null })}>Show all of it</a>
      </p>
    </div>
  );
}

/** All of the page. */
export function App() {
  const state = useAddress();
  const [isLive, setLive] = useState(true);
  const live = useLive(isLive);
  return (
    <Revision.Provider value={live.revision}>
      <Framed state={state} live={live} isLive={isLive} setLive={setLive} />
    </Revision.Provider>
  );
}

interface FramedProps {
  state: State;
  live: ReturnType<typeof useLive>;
  isLive: boolean;
  setLive: (on: boolean) => void;
}

function Framed({ state, live, isLive, setLive }: FramedProps) {
  const zone = state.zone ?? browserZone();
  const about = useAnswer<Sources>(sourcesPath(zone));
  const range = bounds(state, zone, new Date());
  const [first, last] = spanOf(about.data);
  const isAll = range.since === null || range.until === null;
  const window = windowOf(daysOf(range, first, last));
  const page: Page = { state, zone, range, window, sources: about.data };
  const title = useRef<HTMLHeadingElement>(null);
  const shown = useRef(state.view);
  const View = state.session ? SessionView : SHOWS[state.view];

  useEffect(() => {
    document.title = `${VIEWS[state.view]} · Tachograph`;
    if (shown.current !== state.view) title.current?.focus();
    shown.current = state.view;
  }, [state.view]);

  // Whoever opens the page without a range sees the last 30 days, or everything where nothing happened in those.
  const isOld = last !== null && range.since !== null && Date.parse(last) < Date.parse(range.since);
  const isUnasked = state.range === null && state.since === null && state.until === null;
  useEffect(() => {
    if (isOld && isUnasked) go(addressOf(state, { range: "all" }), "replace");
  }, [isOld, isUnasked, state]);

  const status = about.problem?.status ?? live.problem?.status;
  if (status === 401 || (status === 403 && about.problem))
    return <Gate detail={(about.problem ?? live.problem)?.detail ?? ""} onKey={live.refresh} />;
  return (
    <PageContext.Provider value={page}>
      <a
        class="skip"
        href={addressOf(state, {})}
        onClick={(event) => {
          event.preventDefault();
          title.current?.focus();
        }}
      >
        Skip to the figures
      </a>
      <header class="top">
        <div>
          <p class="brand">Tachograph</p>
          <Navigation state={state} />
          <div class="settings">
            <label class="tick" title="Show what agents do as they do it">
              <input
                type="checkbox"
                checked={isLive}
                onChange={(event) => setLive(event.currentTarget.checked)}
              />{" "}
              Live
            </label>
            <ThemePicker />
          </div>
        </div>
      </header>
      <main>
        {IS_DEMO && <p class="banner slim">This is the bundled demo history. It is made up.</p>}
        <div class="heading">
          <h1 ref={title} tabIndex={-1}>
            {state.session ? "Session" : VIEWS[state.view]}
          </h1>
          <RangePicker>
            <FilterDialog />
          </RangePicker>
          <p class="seen" role="status">
            {live.problem
              ? `Not live: ${live.problem.detail}`
              : live.changed
                ? `Changed at ${live.changed.toTimeString().slice(0, 8)}`
                : ""}
          </p>
        </div>
        <Chips />
        {about.problem ? (
          <Trouble answer={about} />
        ) : (
          <>
            {about.data && <NothingThere state={state} range={range} sources={about.data} />}
            {(about.data || !isAll) && !(isOld && isUnasked) && <View key={state.session ?? state.view} />}
          </>
        )}
      </main>
      <footer>
        <p>
          {about.data &&
            `${several(
              about.data.sources.reduce((sum, one) => sum + one.metrics, 0),
              "metric",
            )} in the store. `}
          <a href="./licences.txt">Licences of what this page is made with</a>
        </p>
      </footer>
    </PageContext.Provider>
  );
}
