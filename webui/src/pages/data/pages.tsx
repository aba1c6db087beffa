// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/data.css';
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { countShort } from '../../format/format';
import { Title } from '../../parts/basics';
import type { PageProps } from '../props';
import { Devices } from './devices';
import { Held } from './held';
import { Quarantine } from './quarantine';
import { Records } from './records';
import { RulesPage } from './rules';
import { Settings } from './settings';

const TABS = [
  ['/data', 'Overview'],
  ['/data/records', 'Records'],
  ['/data/quarantine', 'Quarantine'],
  ['/data/rules', 'Rules'],
  ['/data/settings', 'Settings'],
] as const;

function Tabs({ path, quarantined }: { path: string; quarantined: number }): JSX.Element {
  const here = useRef<HTMLElement>(null);
  // On a phone not all of them fit.
  useEffect(() => {
    const tab = here.current?.querySelector<HTMLElement>('[aria-current]');
    if (tab && here.current)
      here.current.scrollLeft = tab.offsetLeft - here.current.offsetLeft - 16;
  }, [path]);
  return (
    <nav class="tabs" aria-label="Data" ref={here}>
      {TABS.map(([href, title]) => (
        <a href={href} key={href} aria-current={href === path ? 'page' : undefined}>
          {title}
          {href === '/data/quarantine' && quarantined > 0 && (
            <span class="count tone-warn">{countShort(quarantined)}</span>
          )}
        </a>
      ))}
    </nav>
  );
}

function Tab({ state, session, path }: PageProps): JSX.Element {
  switch (path) {
    case '/data':
      return <Held state={state} session={session} />;
    case '/data/records':
      return <Records state={state} session={session} />;
    case '/data/quarantine':
      return <Quarantine state={state} session={session} />;
    case '/data/rules':
      return <RulesPage session={session} />;
    case '/data/settings':
      return <Settings session={session} />;
    default:
      return (
        <header class="headline">
          <Title>There is no such page.</Title>
          <p class="sub">
            <a href="/data">Go to the data</a>
          </p>
        </header>
      );
  }
}

export function DataPages({ state, session, path }: PageProps): JSX.Element {
  const here = path.replace(/(.)\/$/, '$1');
  if (here === '/devices') return <Devices state={state} session={session} />;
  return (
    <>
      <Tabs path={here} quarantined={state.buffer.quarantined} />
      <Tab state={state} session={session} path={here} />
    </>
  );
}
