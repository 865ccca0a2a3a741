import { useState } from "preact/hooks";
import { cut, printable } from "../names";

const LONGEST_TITLE = 2000;

interface Props {
  text: string;
  /** So many characters are shown; a longer name can be unfolded. */
  length?: number;
  onPick?: (() => void) | undefined;
  /** What picking it does. */
  hint?: string;
}

/** A name out of a log: whatever is in it is shown, and never more than shown. */
export function Name({ text, length = 56, onPick, hint }: Props) {
  const [whole, setWhole] = useState(false);
  const plain = printable(text);
  const short = cut(plain, length);
  const isCut = short !== plain;
  const shown = <bdi>{(whole ? plain : short) || "(empty)"}</bdi>;
  const title = [hint, isCut ? cut(plain, LONGEST_TITLE) : ""].filter(Boolean).join(": ") || undefined;
  return (
    <span class={whole ? "name whole" : "name"}>
      {onPick ? (
        <button type="button" class="plain" title={title} onClick={onPick}>
          {shown}
        </button>
      ) : (
        <span title={title}>{shown}</span>
      )}
      {isCut && (
        <button
          type="button"
          class="plain unfold"
          aria-expanded={whole}
          aria-label={whole ? "Shorten the name" : "Show the whole name"}
          onClick={() => setWhole(!whole)}
        >
          {whole ? "◂" : "▸"}
        </button>
      )}
    </span>
  );
}
