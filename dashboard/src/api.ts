/** Asks the server. What it has answered is kept with its tag, and asked for again only to hear that it still holds. */

const BASE = new URL("../api/v1/", document.baseURI);
const KEY = "tachograph-key";
const KEPT_MAX = 80;

export interface Answered<T> {
  body: T;
  /** The address of the next page, below the API's, if there is one. */
  next: string | null;
}

/** Why there is no answer: what happened and what to do. `status` is 0 where the server couldn't be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly mend: string | null,
  ) {
    super(detail);
  }
}

interface Kept extends Answered<unknown> {
  tag: string;
}

const kept = new Map<string, Kept>();

export function setKey(key: string | null): void {
  kept.clear();
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

export function hasKey(): boolean {
  return sessionStorage.getItem(KEY) !== null;
}

function headers(more: Record<string, string>): Record<string, string> {
  const key = sessionStorage.getItem(KEY);
  return { Accept: "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}), ...more };
}

async function sent(
  path: string,
  more: Record<string, string>,
  signal: AbortSignal | null,
): Promise<Response> {
  try {
    return await fetch(new URL(path, BASE), { headers: headers(more), signal, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0, "the server can't be reached", "start it again with: tachograph dashboard");
  }
}

async function problem(answer: Response): Promise<Problem> {
  try {
    const told = (await answer.json()) as { detail?: string; parameter?: string; mend?: string };
    const where = told.parameter ? `${told.parameter}: ` : "";
    return new Problem(answer.status, `${where}${told.detail ?? answer.statusText}`, told.mend ?? null);
  } catch {
    return new Problem(answer.status, answer.statusText || `status ${answer.status}`, null);
  }
}

function nextOf(answer: Response): string | null {
  const found = /<([^>]+)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
  return found?.[1] ? found[1].replace(/^.*\/api\/v1\//, "") : null;
}

const early = new Map<string, Promise<Answered<unknown>>>();

/** Asks what will be wanted soon: whoever asks for it next gets that answer. */
export function askEarly(path: string): void {
  const asked = ask<unknown>(path);
  asked.catch(() => undefined); // whoever wants it is told
  early.set(path, asked);
}

/** The answer at that address below the API's. Raises `Problem`, or an `AbortError` where nobody waits any longer. */
export async function ask<T>(path: string, signal: AbortSignal | null = null): Promise<Answered<T>> {
  const asked = early.get(path);
  if (asked) {
    early.delete(path);
    return asked as Promise<Answered<T>>;
  }
  const known = kept.get(path);
  const answer = await sent(path, known ? { "If-None-Match": known.tag } : {}, signal);
  if (answer.status === 304 && known) return known as Answered<T>;
  if (!answer.ok) throw await problem(answer);
  const told = { body: (await answer.json()) as T, next: nextOf(answer) };
  const tag = answer.headers.get("ETag");
  kept.delete(path);
  if (tag) kept.set(path, { ...told, tag });
  const oldest = kept.keys().next();
  if (kept.size > KEPT_MAX && !oldest.done) kept.delete(oldest.value);
  return told;
}

/** What changes whenever the store does, without asking it anything. */
export async function stateOfStore(): Promise<string | null> {
  const answer = await sent("me", {}, null);
  if (!answer.ok) throw await problem(answer);
  return answer.headers.get("ETag");
}
