// SPDX-License-Identifier: Apache-2.0
// The pages of one subject, side by side.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export interface Tab {
  href: string;
  title: string;
  aside?: ComponentChildren;
}

/** here: the address of the one that is shown. */
export function Tabs({
  label,
  tabs,
  here,
}: {
  label: string;
  tabs: readonly Tab[];
  here: string;
}): JSX.Element {
  const nav = useRef<HTMLElement>(null);
  // On a phone not all of them fit, and when it is turned not the same ones.
  useEffect(() => {
    const row = nav.current;
    if (!row) return;
    const show = new ResizeObserver(() => {
      const tab = row.querySelector<HTMLElement>('[aria-current]');
      if (tab) row.scrollLeft = tab.offsetLeft - row.offsetLeft - 16;
    });
    show.observe(row);
    return () => show.disconnect();
  }, [here]);
  return (
    <nav class="tabs" aria-label={label} ref={nav}>
      {tabs.map(({ href, title, aside }) => (
        <a href={href} key={href} aria-current={href === here ? 'page' : undefined}>
          {title}
          {aside}
        </a>
      ))}
    </nav>
  );
}
