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
  // On a phone not all of them fit.
  useEffect(() => {
    const tab = nav.current?.querySelector<HTMLElement>('[aria-current]');
    if (tab && nav.current) nav.current.scrollLeft = tab.offsetLeft - nav.current.offsetLeft - 16;
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
