import { useState } from "preact/hooks";
import { hasKey, setKey } from "../api";
import { titled } from "../figures";

interface Props {
  /** Why a key is needed, or why the one that was given isn't enough. */
  detail: string;
  onKey: () => void;
}

/** Asks for an API key, which is kept for as long as the tab is open, and never in an address. */
export function Gate({ detail, onKey }: Props) {
  const [key, set] = useState("");
  const isAsked = !hasKey();
  const enter = (event: Event) => {
    event.preventDefault();
    setKey(key.trim());
    onKey();
  };
  return (
    <main class="gate">
      <h1>Tachograph</h1>
      <form onSubmit={enter}>
        <p role="status">
          <bdi>{titled(isAsked ? "this server wants an API key" : detail)}.</bdi>
        </p>
        <label>
          <span>
            API key, with the scope <code>read</code>
          </span>
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={key}
            onInput={(event) => set(event.currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={!key.trim()}>
          Show the dashboard
        </button>
        <p class="note">
          <code>tachograph keys create --scope read</code> makes one. It is kept until this tab is closed.
        </p>
      </form>
    </main>
  );
}
