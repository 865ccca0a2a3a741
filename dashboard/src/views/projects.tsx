import { useAnswer } from "../data";
import { asked, askedQuery, narrow, usePage } from "../page";
import { type Column, measureColumn, nameColumn, numberColumn } from "../parts/columns";
import { Named } from "../parts/named";
import { OverTime } from "../parts/overtime";
import { Remarks } from "../parts/remarks";
import { Strip } from "../parts/strip";
import { TableCard } from "../parts/tablecard";
import { usageColumns } from "../parts/usage";
import type { Aggregation, ProjectRow, QueryAnswer } from "../shapes";

const SERIES = 6;
const EMPTY = "No metric or session names a project in this range, with these filters.";
const project = (row: ProjectRow) => row.project_path;

/** What each project's sessions did, and what that cost. */
export function ProjectsView() {
  const page = usePage();
  const answer = useAnswer<Aggregation<ProjectRow>>(asked(page, "aggregations/projects"));
  const more = { fill: true, limit: SERIES, other: true, page_size: 20_000 };
  const time = useAnswer<QueryAnswer>(
    askedQuery(page, ["cost_usd"], [page.window, "project"], more),
    page.window,
  );
  const columns = (rows: ProjectRow[]): Column<ProjectRow>[] => [
    nameColumn("project", project, (row) => narrow(page, "project", row.project_path), "Only this project"),
    numberColumn("sessions", "sessions", (row) => row.sessions),
    numberColumn("users", "users", (row) => row.users),
    numberColumn("count", "metrics", (row) => row.metrics_count),
    numberColumn("errors", "errors", (row) => row.errors),
    measureColumn("duration_sum", (row) => row.total_duration_ms),
    ...usageColumns(rows),
  ];
  const rows = answer.data?.time_series ?? [];
  return (
    <>
      <Strip measures={["sessions", "tokens", "cost_usd", "duration_sum"]} where="project~*" />
      <div class="cards">
        <TableCard
          id="projects"
          title="Projects"
          of={answer}
          rows={(data) => data.time_series}
          columns={columns}
          keyOf={project}
          sort="-cost_usd"
          empty={EMPTY}
          after={answer.data && <Remarks of={answer.data} />}
        />
        <OverTime
          id="cost-of-projects"
          title={`Cost by ${page.window} and project`}
          of={time}
          measure="cost_usd"
          dimension="project"
          empty={EMPTY}
        />
        <Named
          id="tokens-by-project"
          title="Tokens by project"
          of={answer}
          rows={(data) => data.time_series}
          columns={columns(rows).filter(({ key }) => ["name", "tokens"].includes(key))}
          name={project}
          measures={[["tokens", (row) => row.tokens]]}
          empty={EMPTY}
        />
      </div>
    </>
  );
}
