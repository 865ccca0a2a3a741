import type { ECharts } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { useTheme } from "../theme";
import { type Drawn, optionOf } from "./options";

const NARROW = 380;

interface Props {
  drawn: Drawn;
  /** What there is to be seen, in a sentence; the table beside it has the values. */
  label: string;
  height: number;
}

/** A chart, drawn anew whenever what it shows, the theme or its width changes. */
export function Canvas({ drawn, label, height }: Props) {
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const draw = useRef<() => void>(() => {});
  draw.current = () => {
    const narrow = (box.current?.clientWidth ?? NARROW) < NARROW;
    chart.current?.setOption(optionOf(drawn, theme, narrow), { notMerge: true });
  };

  useEffect(() => {
    let gone = false;
    const watch = new ResizeObserver(() => {
      chart.current?.resize();
      draw.current();
    });
    import("./echarts").then(
      ({ init }) => {
        if (gone || !box.current) return;
        chart.current = init(box.current);
        draw.current();
        watch.observe(box.current);
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      watch.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => draw.current(), [drawn, theme]);

  if (hasFailed)
    return (
      <p class="empty" role="alert">
        What draws charts can't be loaded: the button Table shows the values. Load the page again where the
        server runs.
      </p>
    );
  return <div ref={box} class="chart" role="img" aria-label={label} style={{ height: `${height}px` }} />;
}
