/** Names come from logs, and a log may hold anything: here they lose their power over the page and over spreadsheets. */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const FORMULAS = /^[=+\-@\t\r]/;

function escaped(letter: string): string {
  const known: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const code = letter.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (known[letter]) return known[letter];
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}

/** The text with every character that isn't plainly visible shown as its escape. */
export function printable(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** So many characters of a name at most, a … for what is left out. */
export function cut(text: string, length: number): string {
  const letters = [...text.slice(0, length * 4)];
  return letters.length > length || text.length > length * 4
    ? `${letters.slice(0, length - 1).join("")}…`
    : text;
}

/** A cell of comma-separated values (RFC 4180) that no spreadsheet takes for a formula. */
export function csvCell(value: string | number | boolean | null | undefined): string {
  if (value == null) return "";
  if (typeof value !== "string") return String(value);
  const text = (FORMULAS.test(value) ? "'" : "") + printable(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
