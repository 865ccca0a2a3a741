/** Numbers for people, as the command line shows them; `exact` has all digits. */

const NONE = "–";
const TIMES: [string, number, number][] = [
  ["ms", 1, 1000],
  ["s", 1000, 60],
  ["min", 60_000, 60],
  ["h", 3_600_000, Number.POSITIVE_INFINITY],
];
const THOUSANDS: [string, number][] = [
  ["k", 1e3],
  ["M", 1e6],
  ["B", 1e9],
  ["T", 1e12],
];

export type Value = number | null | undefined;

/** With so many decimals: the nearest number to the exact value of the float, the even one of two that are as near. */
function fixed(value: number, digits: number): string {
  const size = Math.abs(value);
  const isBetween = (size * 2 ** (digits + 1)) % 2 === 1;
  const lower = Math.floor(size * 10 ** digits);
  const nearest = isBetween ? (lower + (lower % 2)) / 10 ** digits : size;
  const [whole = "", decimals] = nearest.toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0 ? "-" : ""}${grouped}${decimals === undefined ? "" : `.${decimals}`}`;
}

/** 1234567 as 1,234,567. */
export function count(value: Value): string {
  return value == null ? NONE : value.toLocaleString("en-US", { maximumFractionDigits: 0 });
}

/** Milliseconds in the unit that suits them. */
export function duration(ms: Value): string {
  if (ms == null) return NONE;
  let unit = "ms";
  let value = ms;
  for (const [name, width, limit] of TIMES) {
    unit = name;
    value = ms / width;
    const size = Math.abs(value);
    if (Math.round(size * 10) / 10 < limit && (name !== "ms" || Math.round(size) < limit)) break;
  }
  const whole = value === 0 || (unit === "ms" && Math.abs(value) >= 10);
  return `${fixed(value, whole ? 0 : 1)} ${unit}`;
}

/** 1234567 as 1.2M. */
export function tokens(value: Value): string {
  if (value == null) return NONE;
  if (Math.abs(value) < 1000) return `${Math.round(value * 10) / 10}`;
  for (const [unit, width] of THOUSANDS) {
    const part = value / width;
    if (Math.abs(Math.round(part * 10) / 10) < 1000 || unit === "T") return `${fixed(part, 1)}${unit}`;
  }
  return NONE;
}

/** 12.345 as $12.35; what is less than a cent as $0.0012, and what is less than that as <$0.0001. */
export function dollars(usd: Value): string {
  if (usd == null) return NONE;
  if (usd === 0) return "$0";
  if (usd < 0) return `−${dollars(-usd)}`;
  if (usd < 0.00005) return "<$0.0001";
  return usd < 0.00995 ? `$${fixed(usd, 4)}` : `$${fixed(usd, 2)}`;
}

/** 0.973 as 97.3 %; only all of them are 100 %, and only none are 0 %. */
export function share(rate: Value): string {
  if (rate == null) return NONE;
  const percent = rate > 0 && rate < 1 ? Math.min(Math.max(rate * 100, 0.1), 99.9) : rate * 100;
  return `${fixed(percent, percent === 0 || percent === 100 ? 0 : 1)} %`;
}

/** 1 file, 2 files. */
export function several(value: number, thing: string, things = `${thing}s`): string {
  return `${count(value)} ${value === 1 ? thing : things}`;
}

/** All digits of a number, with its unit. */
export function exact(value: Value, unit = ""): string {
  if (value == null) return "no value";
  const text = value.toLocaleString("en-US", { maximumFractionDigits: 12 });
  return unit === "$" ? `$${text}` : unit ? `${text} ${unit}` : text;
}

function percent(rate: number): string {
  return rate < 0.1 ? `${fixed(rate * 100, 1)} %` : `${fixed(rate * 100, 0)} %`;
}

/** With a capital, as a title. */
export function titled(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How a value changed, as `tachograph query --compare` says it. */
export function change(now: Value, before: Value, isRate: boolean, show: (value: number) => string): string {
  if (now == null || before == null) return NONE;
  const absolute = now - before;
  if (absolute === 0) return "=";
  const sign = absolute > 0 ? "+" : "−";
  if (isRate) return `${sign}${fixed(Math.abs(absolute) * 100, 1)} pp`;
  if (before === 0) return `${sign}${show(Math.abs(absolute))}`;
  const relative = absolute / before;
  return relative >= 9 ? `×${fixed(1 + relative, 0)}` : `${sign}${percent(Math.abs(relative))}`;
}
