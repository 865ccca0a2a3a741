import { useAnswer } from "../data";
import { asked, askedQuery, narrow, usePage } from "../page";
import { type Column, measureColumn, nameColumn, numberColumn } from "../parts/columns";
import { Named } from "../parts/named";
import { OverTime } from "../parts/overtime";
import { Remarks } from "../parts/remarks";
import { Strip } from "../parts/strip";
import { TableCard } from "../parts/tablecard";
import { usageColumns } from "../parts/usage";
import type { Aggregation, ModelRow, QueryAnswer } from "../shapes";
import { TOKEN_KINDS } from "../words";

const SERIES = 6;
const EMPTY = "No metric names a model in this range, with these filters.";
const model = (row: ModelRow) => row.model;

/** How much of all that was read came from the cache. */
function cacheHitRate(row: ModelRow): number | null {
  const read = row.input_tokens + row.cache_read_tokens + row.cache_write_tokens;
  return read > 0 ? row.cache_read_tokens / read : null;
}

/** Which models were used, what that cost, and how much came from their caches. */
export function ModelsView() {
  const page = usePage();
  const answer = useAnswer<Aggregation<ModelRow>>(asked(page, "aggregations/models"));
  const more = { fill: true, limit: SERIES, page_size: 20_000 };
  const by = [page.window, "model"];
  const hits = useAnswer<QueryAnswer>(askedQuery(page, ["cache_hit_rate"], by, more), page.window);
  const cost = useAnswer<QueryAnswer>(
    askedQuery(page, ["cost_usd"], by, { ...more, other: true }),
    page.window,
  );
  const columns = (rows: ModelRow[]): Column<ModelRow>[] => [
    nameColumn("model", model, (row) => narrow(page, "model", row.model), "Only this model"),
    numberColumn("requests", "requests", (row) => row.requests),
    numberColumn("sessions", "sessions", (row) => row.sessions),
    ...usageColumns(rows),
    measureColumn("cache_hit_rate", cacheHitRate),
  ];
  const rows = answer.data?.time_series ?? [];
  const kinds: string[] = ["name", ...TOKEN_KINDS];
  return (
    <>
      <Strip measures={["tokens", "cost_usd", "cache_hit_rate"]} where="model~*" />
      <div class="cards">
        <TableCard
          id="models"
          title="Models"
          of={answer}
          rows={(data) => data.time_series}
          columns={columns}
          keyOf={model}
          sort="-cost_usd"
          empty={EMPTY}
          after={answer.data && <Remarks of={answer.data} />}
        />
        <Named
          id="tokens-by-model"
          title="Tokens by model and kind"
          of={answer}
          rows={(data) => data.time_series}
          columns={columns(rows).filter(({ key }) => kinds.includes(key))}
          name={model}
          measures={TOKEN_KINDS.map((kind) => [kind, (row: ModelRow) => row[kind]])}
          stacked
          empty={EMPTY}
        />
        <OverTime
          id="cost-of-models"
          title={`Cost by ${page.window} and model`}
          of={cost}
          measure="cost_usd"
          dimension="model"
          like={rows.map(model)}
          empty={EMPTY}
        />
        <OverTime
          id="cache-hits"
          title={`Cache hit rate by ${page.window} and model`}
          note="Tokens read from the cache, of all that were read."
          wide
          of={hits}
          measure="cache_hit_rate"
          dimension="model"
          like={rows.map(model)}
          empty={EMPTY}
        />
      </div>
    </>
  );
}
