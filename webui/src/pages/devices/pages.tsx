// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/devices.css';
import type { JSX } from 'preact';
import { Title } from '../../parts/basics';
import { type Tab, Tabs } from '../../parts/tabs';
import { devices as text } from '../../text';
import type { PageProps } from '../props';
import { Access } from './access';
import { Account } from './account';
import { Accounts } from './accounts';
import { Add } from './add';
import { Import } from './import';
import { Publishing } from './publishing';

const TABS: readonly Tab[] = [
  { href: '/devices', title: text.tabs.publishing },
  { href: '/devices/accounts', title: text.tabs.accounts },
  { href: '/devices/access', title: text.tabs.access },
];

function NoPage(): JSX.Element {
  return (
    <header class="headline">
      <Title>{text.noPage.title}</Title>
      <p class="sub">
        <a href="/devices">{text.noPage.back}</a>
      </p>
    </header>
  );
}

function nameIn(path: string): string | null {
  const [, name] = /^\/devices\/accounts\/([^/]+)$/.exec(path) ?? [];
  return name ?? null;
}

function Content({ state, session, path }: PageProps): JSX.Element {
  const name = nameIn(path);
  if (name !== null) return <Account key={name} name={name} state={state} session={session} />;
  switch (path) {
    case '/devices':
      return <Publishing state={state} session={session} />;
    case '/devices/accounts':
      return <Accounts state={state} session={session} />;
    case '/devices/add':
      return <Add state={state} session={session} />;
    case '/devices/import':
      return <Import state={state} session={session} />;
    case '/devices/access':
      return <Access state={state} session={session} />;
    default:
      return <NoPage />;
  }
}

export function DevicePages({ state, session, path }: PageProps): JSX.Element {
  const here = path.replace(/(.)\/$/, '$1');
  const inAccounts = nameIn(here) !== null || here === '/devices/add' || here === '/devices/import';
  return (
    <>
      <Tabs label={text.title} tabs={TABS} here={inAccounts ? '/devices/accounts' : here} />
      <Content state={state} session={session} path={here} />
    </>
  );
}
