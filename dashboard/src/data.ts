/** Answers for views: asked when a view wants them, again when the store has changed, kept on the screen meanwhile. */

import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";
import { type Answered, ask, Problem } from "./api";

/** Goes up whenever the store has changed, or everything is to be asked again. */
export const Revision = createContext(0);

export interface Answer<T> {
  data: T | null;
  next: string | null;
  problem: Problem | null;
  /** Whether it is being asked; `data` then is of what was asked before. */
  loading: boolean;
  again: () => void;
}

let waiting = 0;
let told = 0;
let begun = 0;
let ready = 0;
const REST = 4;
const AGAIN_MS = 2000;
const UNAVAILABLE = 503;

/** Whether the server is left in peace: for some times as long as it last took, before all is asked again. */
export function rests(): boolean {
  return waiting > 0 || performance.now() < ready + REST * (ready - begun);
}

/** Says on the document how many answers are waited for, and marks the moments at which there are none any longer. */
function count(by: number): void {
  if (waiting === 0 && by > 0) begun = performance.now();
  waiting += by;
  const root = document.documentElement;
  root.dataset.waiting = String(waiting);
  if (waiting > 0) return;
  requestAnimationFrame(() =>
    setTimeout(() => {
      if (waiting > 0) return;
      told += 1;
      ready = performance.now();
      root.dataset.ready = String(told);
      performance.mark("tachograph-ready");
    }),
  );
}

interface Held<T> {
  path: string | null;
  shape: string;
  answered: Answered<T> | null;
  problem: Problem | null;
  loading: boolean;
}

/** The answer at an address of the API; nothing is asked while there is none.
 *
 * While the next one is waited for, the one before stays, if it is of the same shape: of the same measures and such.
 */
export function useAnswer<T>(path: string | null, shape = ""): Answer<T> {
  const revision = useContext(Revision);
  const [tries, setTries] = useState(0);
  const [held, set] = useState<Held<T>>({
    path,
    shape,
    answered: null,
    problem: null,
    loading: path !== null,
  });

  // Before the page is painted, so that the server begins at once.
  useLayoutEffect(() => {
    if (path === null) {
      set({ path, shape, answered: null, problem: null, loading: false });
      return;
    }
    let timer = 0;
    const stop = new AbortController();
    set((before) => ({ ...before, loading: true }));
    count(1);
    ask<T>(path, stop.signal)
      .then((answered) => set({ path, shape, answered, problem: null, loading: false }))
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(0, String(error), null);
        set({ path, shape, answered: null, problem, loading: false });
        if (problem.status === UNAVAILABLE)
          timer = window.setTimeout(() => setTries((before) => before + 1), AGAIN_MS);
      })
      .finally(() => count(-1));
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [path, revision, tries]);

  const answered = held.shape === shape ? held.answered : null;
  return {
    data: answered?.body ?? null,
    next: answered?.next ?? null,
    problem: held.path === path ? held.problem : null,
    loading: held.loading || held.path !== path,
    again: () => setTries((before) => before + 1),
  };
}
