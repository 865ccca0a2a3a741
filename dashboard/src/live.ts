/** Follows the store: whether it has changed costs the server no question. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, stateOfStore } from "./api";

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
  const refresh = () => setRevision((before) => before + 1);

  useEffect(() => {
    if (!on) return;
    let timer = 0;
    let gone = false;
    const look = async () => {
      try {
        const now = document.hidden ? tag.current : await stateOfStore();
        setProblem(null);
        if (tag.current !== null && now !== tag.current) {
          setChanged(new Date());
          setRevision((before) => before + 1);
        }
        tag.current = now;
      } catch (error) {
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
