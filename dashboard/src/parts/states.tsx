import type { ComponentChildren } from "preact";
import type { Answer } from "../data";

interface TroubleProps {
  answer: Pick<Answer<unknown>, "problem" | "again">;
}

/** Why something can't be shown, and what to do. */
export function Trouble({ answer }: TroubleProps) {
  const { problem, again } = answer;
  if (!problem) return null;
  return (
    <div class="trouble" role="alert">
      <p>
        <strong>This can't be shown:</strong> <bdi>{problem.detail}</bdi>
      </p>
      {problem.mend && (
        <p>
          What to do: <bdi>{problem.mend}</bdi>
        </p>
      )}
      <button type="button" onClick={again}>
        Try again
      </button>
    </div>
  );
}

export function Loading({ lines = 4 }: { lines?: number }) {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        <i key={line} />
      ))}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

interface AnsweredProps<T> {
  of: Answer<T>;
  lines?: number;
  /** Whether all of it is meant to be shown, and not its first page. */
  isAll?: boolean;
  children: (data: T) => ComponentChildren;
}

/** What is made of an answer, or why there is none yet. */
export function Answered<T>({ of, lines, isAll, children }: AnsweredProps<T>) {
  if (of.problem) return <Trouble answer={of} />;
  if (of.data === null) return <Loading {...(lines ? { lines } : {})} />;
  return (
    <div class={of.loading ? "answer stale" : "answer"} aria-busy={of.loading}>
      {children(of.data)}
      {isAll && of.next !== null && (
        <p class="note">There is more than is shown: choose a shorter range, longer windows, or a filter.</p>
      )}
    </div>
  );
}
