// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/data.css';
import type { JSX } from 'preact';
import { countShort } from '../../format/format';
import { Title } from '../../parts/basics';
import { type Tab, Tabs } from '../../parts/tabs';
import { data } from '../../text';
import type { PageProps } from '../props';
import { Held } from './held';
import { Quarantine } from './quarantine';
import { Records } from './records';
import { RulesPage } from './rules';
import { Settings } from './settings';

const text = data.pages;

function tabs(quarantined: number): Tab[] {
  const aside = quarantined > 0 && <span class="count tone-warn">{countShort(quarantined)}</span>;
  return [
    { href: '/data', title: text.overview },
    { href: '/data/records', title: text.records },
    { href: '/data/quarantine', title: text.quarantine, aside },
    { href: '/data/rules', title: text.rules },
    { href: '/data/settings', title: text.settings },
  ];
}

function Content({ state, session, path }: PageProps): JSX.Element {
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
          <Title>{text.thereIsNoSuchPage}</Title>
          <p class="sub">
            <a href="/data">{text.goToTheData}</a>
          </p>
        </header>
      );
  }
}

export function DataPages({ state, session, path }: PageProps): JSX.Element {
  const here = path.replace(/(.)\/$/, '$1');
  return (
    <>
      <Tabs label={text.data} tabs={tabs(state.buffer.quarantined)} here={here} />
      <Content state={state} session={session} path={here} />
    </>
  );
}
