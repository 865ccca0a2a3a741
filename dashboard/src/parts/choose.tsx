import { remember, usePage } from "../page";

interface Props<Name extends string> {
  /** What it is remembered as. */
  id: string;
  label: string;
  names: Record<Name, string>;
  usual: Name;
}

/** What a view is to show, remembered in the address. */
export function useChoice<Name extends string>(id: string, names: Record<Name, string>, usual: Name): Name {
  const chosen = usePage().state.more[id];
  return chosen !== undefined && chosen in names ? (chosen as Name) : usual;
}

export function Choose<Name extends string>({ id, label, names, usual }: Props<Name>) {
  const page = usePage();
  const now = useChoice(id, names, usual);
  return (
    <label>
      {label}{" "}
      <select
        value={now}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          remember(page, id, chosen === usual ? null : chosen);
        }}
      >
        {Object.entries<string>(names).map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}
