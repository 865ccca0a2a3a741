/** What the chart library is told of a chart: it draws; words and colours are ours. */

import type { EChartsCoreOption } from "echarts/core";
import { cut, printable } from "../names";
import { colour, type Theme } from "../theme";

export interface Series {
  name: string;
  values: (number | null)[];
  isOther?: boolean;
}

export interface Drawn {
  kind: "columns" | "lines" | "bars";
  /** What stands along the axis, in full and as a tick. */
  labels: string[];
  ticks: string[];
  series: Series[];
  stacked: boolean;
  show: (value: number | null) => string;
  exact: (value: number | null) => string;
  /** Of the values: durations have steps of their own along an axis. */
  unit: string;
  /** Whether values are so different that only their order of magnitude can be compared. */
  logarithmic?: boolean;
}

const INK: Record<Theme, { text: string; line: string; tip: string; border: string }> = {
  light: { text: "#59636f", line: "#dfe4e9", tip: "#ffffff", border: "#c5ccd4" },
  dark: { text: "#a4afbb", line: "#2b343e", tip: "#1b222a", border: "#43505d" },
};
const TICK_LENGTH = 28;
const NARROW_TICK_LENGTH = 18;
const STEPS_MAX = 5;
/** Milliseconds that are round as seconds, minutes or hours. */
const ROUND_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 30].map((seconds) => seconds * 1e3),
  ...[1, 2, 5, 10, 30].map((minutes) => minutes * 6e4),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((hours) => hours * 3.6e6),
];
const TIPPED_MAX = 14;

function tipLine(mark: string | null, name: string, value: string): HTMLElement {
  const line = document.createElement("div");
  line.className = "tip-line";
  if (mark) {
    const swatch = document.createElement("i");
    swatch.style.background = mark;
    line.append(swatch);
  }
  const [title, number] = [document.createElement("bdi"), document.createElement("b")];
  title.textContent = cut(printable(name), 48);
  number.textContent = value;
  line.append(title, number);
  return line;
}

/** The exact values at one place of the axis, as elements: no text of a log is ever read as markup. */
function tip(drawn: Drawn, index: number, theme: Theme): HTMLElement {
  const box = document.createElement("div");
  const title = document.createElement("strong");
  title.textContent = cut(printable(drawn.labels[index] ?? ""), 60);
  box.append(title);
  const there = drawn.series
    .map((series, place) => ({ series, value: series.values[index] ?? null, place }))
    .filter(({ value }) => value !== null && (value !== 0 || drawn.series.length === 1))
    .sort((a, b) => Number(b.value) - Number(a.value));
  for (const { series, value, place } of there.slice(0, TIPPED_MAX))
    box.append(tipLine(colour(theme, place, series.isOther), series.name, drawn.exact(value)));
  if (there.length === 0) box.append(tipLine(null, "nothing", ""));
  if (drawn.stacked && there.length > 1) {
    const sum = there.reduce((whole, { value }) => whole + Number(value), 0);
    box.append(tipLine(null, "together", drawn.exact(sum)));
  }
  return box;
}

/** Steps of an axis of durations that are whole seconds, minutes or hours. */
function roundSteps(drawn: Drawn): { interval?: number; max?: number } {
  if (drawn.unit !== "ms" || drawn.logarithmic) return {};
  const sums = drawn.labels.map((_, index) => {
    const values = drawn.series.map((series) => series.values[index] ?? 0);
    return drawn.stacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
  });
  const largest = Math.max(0, ...sums);
  const interval = ROUND_MS.find((step) => largest / step <= STEPS_MAX);
  return interval ? { interval, max: Math.ceil(largest / interval) * interval } : {};
}

export function optionOf(drawn: Drawn, theme: Theme, isNarrow: boolean): EChartsCoreOption {
  const ink = INK[theme];
  const lying = drawn.kind === "bars";
  const names = {
    type: "category",
    data: drawn.labels.map((_, index) => String(index)),
    inverse: lying,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: ink.line } },
    axisLabel: {
      color: ink.text,
      fontSize: 11,
      hideOverlap: true,
      interval: lying ? 0 : "auto",
      formatter: (index: string) =>
        cut(printable(drawn.ticks[Number(index)] ?? ""), isNarrow ? NARROW_TICK_LENGTH : TICK_LENGTH),
    },
  };
  const values = {
    type: drawn.logarithmic ? "log" : "value",
    ...(drawn.logarithmic ? { min: 1 } : {}),
    ...roundSteps(drawn),
    splitNumber: isNarrow ? 3 : 4,
    splitLine: { lineStyle: { color: ink.line } },
    axisLabel: {
      color: ink.text,
      fontSize: 11,
      hideOverlap: true,
      formatter: (value: number) => drawn.show(value).replace(/\.0+(?=\D|$)/, ""),
    },
  };
  return {
    animation: false,
    textStyle: { fontFamily: "system-ui, sans-serif" },
    grid: { left: 4, right: 12, top: 10, bottom: 4, containLabel: true },
    xAxis: lying ? values : names,
    yAxis: lying ? names : values,
    tooltip: {
      trigger: "axis",
      axisPointer: { type: drawn.kind === "lines" ? "line" : "shadow", animation: false },
      confine: true,
      transitionDuration: 0,
      backgroundColor: ink.tip,
      borderColor: ink.border,
      className: "tip",
      formatter: (told: { dataIndex: number }[]) => tip(drawn, told[0]?.dataIndex ?? 0, theme),
    },
    series: drawn.series.map((series, place) => ({
      type: drawn.kind === "lines" ? "line" : "bar",
      name: String(place),
      data: series.values.map((value) => (drawn.logarithmic && value !== null ? Math.max(value, 1) : value)),
      stack: drawn.stacked ? "all" : undefined,
      color: colour(theme, place, series.isOther),
      barMaxWidth: lying ? 16 : 28,
      barCategoryGap: drawn.labels.length > 60 ? "10%" : "25%",
      symbolSize: 4,
      showSymbol: drawn.labels.length < 40,
      lineStyle: { width: 1.75 },
      connectNulls: false,
    })),
  };
}
