/** Light or dark: as the system says, unless it is chosen; and the colours of series in either. */

import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";
export type Choice = Theme | "auto";

const KEPT = "tachograph-theme";
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** Told apart by people who see some colours alike too; the last one is that of everything else. */
const COLOURS: Record<Theme, string[]> = {
  light: ["#0e7490", "#d97706", "#6d5bd0", "#3f8f4f", "#c2416b", "#7a8b1f", "#2563c9", "#a3562a", "#9aa3ad"],
  dark: ["#3fb8d4", "#f0a63c", "#a799f5", "#6cc27d", "#ef7fa3", "#bccb58", "#79a8f5", "#d69468", "#6f7a86"],
};

export function choice(): Choice {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

function theme(): Theme {
  const chosen = choice();
  return chosen === "auto" ? (DARK.matches ? "dark" : "light") : chosen;
}

export function apply(): void {
  document.documentElement.dataset.theme = theme();
}

export function choose(chosen: Choice): void {
  if (chosen === "auto") localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, chosen);
  apply();
  dispatchEvent(new Event("themechange"));
}

/** The theme, whenever it changes. */
export function useTheme(): Theme {
  const [now, set] = useState(theme);
  useEffect(() => {
    const changed = () => {
      apply();
      set(theme());
    };
    DARK.addEventListener("change", changed);
    addEventListener("themechange", changed);
    return () => {
      DARK.removeEventListener("change", changed);
      removeEventListener("themechange", changed);
    };
  }, []);
  return now;
}

/** The colour of a series; `isOther` is everything beyond those that are named. */
export function colour(of: Theme, index: number, isOther = false): string {
  const known = COLOURS[of];
  return known[isOther ? known.length - 1 : index % (known.length - 1)] ?? "#888888";
}
