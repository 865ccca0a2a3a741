import { useRef, useState } from "preact/hooks";
import { useAnswer } from "../data";
import { count } from "../figures";
import { asked, usePage } from "../page";
import type { Values } from "../shapes";
import { addressOf, go, withFilter, withoutFilter } from "../state";
import { FILTERS, type FilterName } from "../words";
import { Name } from "./name";
import { Answered, Empty } from "./states";

const LISTED = 500;

/** The names that the page is narrowed to, each of which can be taken away again. */
export function Chips() {
  const { state } = usePage();
  const names = Object.keys(state.filters) as FilterName[];
  if (names.length === 0) return null;
  return (
    <ul class="chips" aria-label="Filters">
      {names.flatMap((name) =>
        (state.filters[name] ?? []).map((value) => (
          <li key={`${name} ${value}`}>
            <span class="of">{FILTERS[name]}</span> <Name text={value} length={32} />
            <button
              type="button"
              aria-label={`Remove the filter ${FILTERS[name]} ${value.slice(0, 40)}`}
              onClick={() => go(addressOf(state, { filters: withoutFilter(state.filters, name, value) }))}
            >
              ×
            </button>
          </li>
        )),
      )}
      <li>
        <button type="button" class="small" onClick={() => go(addressOf(state, { filters: {} }))}>
          Remove all
        </button>
      </li>
    </ul>
  );
}

interface ListProps {
  name: FilterName;
  search: string;
}

function List({ name, search }: ListProps) {
  const page = usePage();
  const { state } = page;
  const others = { ...page, state: { ...state, filters: withoutFilter(state.filters, name) } };
  const answer = useAnswer<Values>(asked(others, `values/${name}`, { limit: LISTED }), name);
  const chosen = state.filters[name] ?? [];
  const turn = (value: string, on: boolean) => {
    const filters = on ? withFilter(state.filters, name, value) : withoutFilter(state.filters, name, value);
    go(addressOf(state, { filters }), "replace");
  };
  return (
    <Answered of={answer}>
      {(data) => {
        const like = search.toLowerCase();
        const found = data.values.filter(({ value }) => value.toLowerCase().includes(like));
        if (found.length === 0) return <Empty>None of that name in this range.</Empty>;
        return (
          <>
            <ul class="choices">
              {found.slice(0, 100).map(({ value, count: times }) => (
                <li key={value}>
                  <label>
                    <input
                      type="checkbox"
                      checked={chosen.includes(value)}
                      onChange={(event) => turn(value, event.currentTarget.checked)}
                    />{" "}
                    <Name text={value} length={44} />
                    <span class="number">{count(times)}</span>
                  </label>
                </li>
              ))}
            </ul>
            {(found.length > 100 || data.truncated) && <p class="note">There are more: search for them.</p>}
          </>
        );
      }}
    </Answered>
  );
}

/** A dialog in which names are chosen, of any dimension. */
export function FilterDialog() {
  const { state } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState<FilterName>("project");
  const [search, setSearch] = useState("");
  const known = state.filters[name] ?? [];
  const exact = search.trim();
  const open = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" onClick={open} aria-haspopup="dialog">
        Filter…
      </button>
      <dialog ref={dialog} aria-label="Filter" onClose={() => setOpen(false)}>
        <header>
          <h2>Only these</h2>
          <button type="button" aria-label="Close" onClick={() => dialog.current?.close()}>
            ×
          </button>
        </header>
        <div class="pick">
          <label>
            Narrow by{" "}
            <select value={name} onChange={(event) => setName(event.currentTarget.value as FilterName)}>
              {Object.entries(FILTERS).map(([filter, title]) => (
                <option key={filter} value={filter}>
                  {title}
                </option>
              ))}
            </select>
          </label>
          <label>
            Search{" "}
            <input type="search" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
          </label>
        </div>
        {exact && !known.includes(exact) && (
          <button
            type="button"
            class="small"
            onClick={() =>
              go(addressOf(state, { filters: withFilter(state.filters, name, exact) }), "replace")
            }
          >
            Only the {FILTERS[name]} of exactly this name
          </button>
        )}
        {isOpen && <List name={name} search={exact} />}
      </dialog>
    </>
  );
}
