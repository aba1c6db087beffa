// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/settings.css';
import type { JSX } from 'preact';
import { mayAdminister } from '../../parts/asked';
import { Title } from '../../parts/basics';
import { type Tab, Tabs } from '../../parts/tabs';
import { allSettings, backup, networkText, settings } from '../../text';
import type { PageProps } from '../props';
import { AccountPage } from './account';
import { AllSettingsPage } from './all';
import { BackupPage } from './backup';
import { CertificatePage } from './certificate';
import { ConfigurationPage } from './configuration';
import { GatewayPage } from './gateway';
import { NetworkPage } from './network';
import { TokensPage } from './tokens';
import { UserPage } from './user';
import { UsersPage } from './users';

const text = settings.pages;

const TABS: (Tab & { forAdmin?: true })[] = [
  { href: '/settings', title: text.account },
  { href: '/settings/users', title: text.users, forAdmin: true },
  { href: '/settings/tokens', title: text.tokens },
  { href: '/settings/certificate', title: text.certificate },
  { href: '/settings/all', title: allSettings.tab, forAdmin: true },
  { href: '/settings/configuration', title: text.configuration, forAdmin: true },
  { href: '/settings/backup', title: backup.tab, forAdmin: true },
  { href: '/settings/network', title: networkText.tab },
  { href: '/settings/gateway', title: text.gateway },
];

function userOf(path: string): string | null {
  const [, name] = /^\/settings\/users\/([^/]+)$/.exec(path) ?? [];
  return name ?? null;
}

function Content({ here, props }: { here: string; props: PageProps }): JSX.Element {
  const admin = mayAdminister(props.session);
  const user = userOf(here);
  if (admin && user !== null) return <UserPage {...props} name={user} key={user} />;
  switch (here) {
    case '/settings':
      return <AccountPage {...props} />;
    case '/settings/tokens':
      return <TokensPage {...props} />;
    case '/settings/certificate':
      return <CertificatePage {...props} />;
    case '/settings/network':
      return <NetworkPage {...props} />;
    case '/settings/gateway':
      return <GatewayPage {...props} />;
  }
  if (admin && here === '/settings/users') return <UsersPage {...props} />;
  if (admin && here === '/settings/all') return <AllSettingsPage />;
  if (admin && here === '/settings/configuration') return <ConfigurationPage {...props} />;
  if (admin && here === '/settings/backup') return <BackupPage {...props} />;
  return (
    <header class="headline">
      <Title>
        {TABS.some(({ href }) => here.startsWith(href) && href !== '/settings')
          ? text.onlyAnAdminSeesThisPage
          : text.thereIsNoSuchPage}
      </Title>
      <p class="sub">
        <a href="/settings">{text.goToYourAccount}</a>
      </p>
    </header>
  );
}

export function SettingsPages(props: PageProps): JSX.Element {
  const admin = mayAdminister(props.session);
  const path = props.path.replace(/(.)\/$/, '$1').replace(/^\/account$/, '/settings');
  const here = userOf(path) === null ? path : '/settings/users';
  return (
    <>
      <Tabs
        label={text.settings}
        tabs={TABS.filter(({ forAdmin }) => admin || !forAdmin)}
        here={here}
      />
      <Content here={path} props={props} />
    </>
  );
}
