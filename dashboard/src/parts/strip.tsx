import { useAnswer } from "../data";
import { askedQuery, compares, usePage } from "../page";
import type { QueryAnswer } from "../shapes";
import type { MeasureName } from "../words";
import { Answered } from "./states";
import { Tile } from "./tile";

interface Props {
  measures: MeasureName[];
  /** Titles of their own, where a measure means something narrower here. */
  titles?: Partial<Record<MeasureName, string>>;
  /** What is measured, as a condition of a query; all of it unless said. */
  where?: string;
}

/** The figures of a view's whole range, and how they changed. */
export function Strip({ measures, titles = {}, where }: Props) {
  const page = usePage();
  const compare = compares(page) ? "previous" : null;
  const path = askedQuery(page, measures, [], { compare, where: where ?? null });
  const answer = useAnswer<QueryAnswer>(path, `${measures} ${compare}`);
  return (
    <div class="strip">
      <Answered of={answer} lines={2}>
        {(data) =>
          measures.map((name) => (
            <Tile
              key={name}
              name={name}
              answer={data}
              window={null}
              small
              {...(titles[name] ? { title: titles[name] } : {})}
            />
          ))
        }
      </Answered>
    </div>
  );
}
