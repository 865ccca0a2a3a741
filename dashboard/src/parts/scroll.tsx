import type { ComponentChildren } from "preact";

interface Props {
  label: string;
  children: ComponentChildren;
}

/** What may be wider than the page, and is then scrolled by itself: also by keyboard, so it takes the focus. */
export function Scroll({ label, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: nobody could scroll it without a pointer otherwise
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
