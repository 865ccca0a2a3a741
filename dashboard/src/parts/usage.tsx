/** The columns of tokens and cost, as each row of an answer has them. */

import type { Usage } from "../shapes";
import { TOKEN_KINDS } from "../words";
import { type Column, measureColumn, withBar } from "./columns";

export function usageColumns<Row extends Usage>(rows: Row[]): Column<Row>[] {
  return [
    measureColumn(
      "tokens",
      (row) => row.tokens,
      (row) => row.tokens_at_least,
    ),
    ...TOKEN_KINDS.map((kind) => measureColumn<Row>(kind, (row) => row[kind])),
    withBar(
      measureColumn(
        "cost_usd",
        (row) => row.cost_usd,
        (row) => row.cost_at_least,
      ),
      rows,
    ),
  ];
}

/** What tools were used, the most used first, in words. */
export function toolsUsed(uses: Record<string, number>): string {
  return Object.entries(uses)
    .map(([tool, times]) => `${tool} ${times}`)
    .join(", ");
}
