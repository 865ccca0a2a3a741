/** Nothing is ever made of text that would be read as markup: the browser refuses it, whoever tries. */

interface Policies {
  createPolicy(name: string, rules: { createHTML: (text: string) => string | null }): unknown;
}

/** The chart library empties its elements by an empty text, which is all that is let through. */
export function refuseMarkup(): void {
  const { trustedTypes } = window as { trustedTypes?: Policies };
  trustedTypes?.createPolicy("default", { createHTML: (text) => (text === "" ? text : null) });
}
