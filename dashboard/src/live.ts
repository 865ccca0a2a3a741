/** Follows the store: whether it has changed costs the server no question. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, stateOfStore } from "./api";
import { rests } from "./data";

const LOOK_MS = 1000;

export interface Live {
  revision: number;
  /** Why the store can't be followed, if it can't. */
  problem: Problem | null;
  /** When the store was last seen to have changed. */
  changed: Date | null;
  refresh: () => void;
}

/** Looks every second while the page is seen and `on`; a revision is a state of the store that was seen. */
export function useLive(on: boolean): Live {
  const [revision, setRevision] = useState(0);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [changed, setChanged] = useState<Date | null>(null);
  const tag = useRef<string | null>(null);
  const wasLost = useRef(false);
  const refresh = () => setRevision((before) => before + 1);

  useEffect(() => {
    if (!on) return;
    let timer = 0;
    let gone = false;
    const look = async () => {
      try {
        const isIdle = document.hidden || (tag.current !== null && rests());
        const now = isIdle ? tag.current : await stateOfStore();
        if (wasLost.current) refresh();
        wasLost.current = false;
        setProblem(null);
        if (tag.current !== null && now !== tag.current) {
          setChanged(new Date());
          refresh();
        }
        tag.current = now;
      } catch (error) {
        wasLost.current = true;
        setProblem(error instanceof Problem ? error : new Problem(0, String(error), null));
      }
      if (!gone) timer = window.setTimeout(look, LOOK_MS);
    };
    void look();
    return () => {
      gone = true;
      window.clearTimeout(timer);
    };
  }, [on]);

  return { revision, problem, changed, refresh };
}
