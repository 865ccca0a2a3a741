import { useAnswer } from "../data";
import { count, duration } from "../figures";
import { asked, askedQuery, remember, usePage } from "../page";
import { type Column, measureColumn, nameColumn, numberColumn } from "../parts/columns";
import { Name } from "../parts/name";
import { TableCard } from "../parts/tablecard";
import { toolsUsed, usageColumns } from "../parts/usage";
import { minuteShown } from "../ranges";
import type { Aggregation, QueryAnswer, SessionRow } from "../shapes";
import { addressOf, go } from "../state";

const STEP = 100;
const FOUND_MAX = 100;
const SEARCHED = ["session", "project", "user", "model", "tool", "command", "error_type"];
const KINDS_SHOWN: string[] = ["tokens", "cost_usd"];

/** The condition that one of the session's names holds that text, in which * and ? mean what they do elsewhere. */
function holding(text: string): string {
  const pattern = `'*${text.replaceAll("'", "''")}*'`;
  return SEARCHED.map((name) => `${name}~${pattern}`).join(" or ");
}

/** The sessions that are searched for; null while that isn't known, all where nothing is searched for. */
function useFound(search: string): {
  ids: string[] | null;
  problem: ReturnType<typeof useAnswer>["problem"];
} {
  const page = usePage();
  const path = search
    ? askedQuery(page, ["count"], ["session"], { where: holding(search), limit: FOUND_MAX })
    : null;
  const answer = useAnswer<QueryAnswer>(path, search);
  if (!search) return { ids: [], problem: null };
  return { ids: answer.data?.rows.map((row) => String(row.session)) ?? null, problem: answer.problem };
}

/** The sessions, the last ones first, and a search for some of them. */
export function SessionsView() {
  const page = usePage();
  const { state } = page;
  const search = state.more.search ?? "";
  const shown = Number(state.more.rows ?? STEP) || STEP;
  const { ids, problem } = useFound(search);
  const only = search && ids && ids.length > 0 ? { session: ids } : {};
  const wanted = {
    ...page,
    state: { ...state, filters: search ? { ...state.filters, session: [] } : state.filters },
  };
  const none = search !== "" && (ids === null || ids.length === 0);
  const path = none
    ? null
    : asked(wanted, "aggregations/sessions", { order: "-start_time", limit: shown, ...only });
  const answer = useAnswer<Aggregation<SessionRow>>(path);
  const look = (row: SessionRow) =>
    go(addressOf(state, { view: "sessions", session: row.session_id, more: {} }));
  const columns = (rows: SessionRow[]): Column<SessionRow>[] => [
    nameColumn("session", (row) => row.session_id, look, "Look into this session"),
    {
      key: "start",
      title: "began",
      kind: "text",
      value: (row) => row.start_time,
      show: (row) => minuteShown(row.start_time),
    },
    {
      key: "lasted",
      title: "lasted",
      kind: "number",
      value: (row) => row.duration_seconds * 1000,
      show: (row) => duration(row.duration_seconds * 1000),
    },
    numberColumn("count", "metrics", (row) => row.metrics_count),
    numberColumn("errors", "errors", (row) => row.errors),
    measureColumn("duration_sum", (row) => row.total_duration_ms),
    ...usageColumns(rows).filter(({ key }) => KINDS_SHOWN.includes(key)),
    {
      key: "tools",
      title: "tools used",
      kind: "name",
      value: (row) => toolsUsed(row.tool_uses),
      show: (row) => <Name text={toolsUsed(row.tool_uses)} length={48} />,
    },
  ];
  const total = answer.data?.total_sessions ?? 0;
  const rows = (data: Aggregation<SessionRow>) => data.time_series;
  const nothing = {
    ...answer,
    problem,
    data: ids === null ? null : ({ time_series: [] } as unknown as Aggregation<SessionRow>),
  };
  const more = !none && answer.data && answer.data.time_series.length < total && (
    <button type="button" class="more" onClick={() => remember(page, "rows", String(shown + STEP))}>
      Show more: {count(answer.data.time_series.length)} of {count(total)} are shown
    </button>
  );
  return (
    <>
      <search>
        <form class="choosing" onSubmit={(event) => event.preventDefault()}>
          <label>
            Search{" "}
            <input
              type="search"
              value={search}
              placeholder="an id, project, user, model, tool, error …"
              onChange={(event) => remember(page, "search", event.currentTarget.value.trim() || null)}
            />
          </label>
          <p class="note">Capitals matter; * is any text, ? any character.</p>
        </form>
      </search>
      <TableCard
        id="sessions"
        title="Sessions"
        of={none ? nothing : answer}
        rows={rows}
        columns={columns}
        keyOf={(row) => row.session_id}
        sort="-start"
        isPart
        empty={
          search
            ? "No session in this range has a name like that, with these filters."
            : "No metric names a session in this range, with these filters."
        }
        after={
          <>
            {more}
            {ids?.length === FOUND_MAX && (
              <p class="note">The {FOUND_MAX} with the most metrics; search for more of the name.</p>
            )}
          </>
        }
      />
    </>
  );
}
