// SPDX-License-Identifier: Apache-2.0
// With which accounts devices log in.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { accounts } from '../../api/accounts';
import type { DeviceAccount, DeviceAccountPage, Session, State } from '../../api/types';
import { date } from '../../format/format';
import { Headline, Loading, mayAdminister, Trouble } from '../../parts/asked';
import { Card, Notice, Status } from '../../parts/basics';
import { Search } from '../../parts/search';
import { usePaged } from '../../state/paged';
import { devices as allTexts } from '../../text';
import { AddLink } from './links';
import { Pager } from './pager';

const text = allTexts.accounts;
/** Somebody else may add one. */
const EVERY_MS = 15_000;

export const accountPath = (name: string) => `/devices/accounts/${encodeURIComponent(name)}`;

function Row({ account }: { account: DeviceAccount }): JSX.Element {
  const { name, enabled, publish, subscribe, description, certificate } = account;
  return (
    <li data-testid="account">
      <a class="device-name long" href={accountPath(name)} title={name}>
        {name}
      </a>
      <Status tone={enabled ? 'ok' : 'off'}>{enabled ? text.enabled : text.disabled}</Status>
      <span class="account-by" title={certificate ? date(certificate.not_after) : undefined}>
        {certificate ? text.byCertificate : text.byPassword}
      </span>
      <span class="account-topics">
        <bdi class="mono long" title={publish.join(' ')}>
          {publish.join(' ') || text.publishesNothing}
        </bdi>
        {subscribe.length > 0 && (
          <bdi class="quiet mono long" title={subscribe.join(' ')}>
            {text.hears(subscribe.join(' '))}
          </bdi>
        )}
        {description && (
          <bdi class="quiet long" title={description}>
            {description}
          </bdi>
        )}
      </span>
    </li>
  );
}

/** Whether devices without an account are let in is a setting, and a warning. */
function Door({ page, admin }: { page: DeviceAccountPage; admin: boolean }): JSX.Element | null {
  if (!page.anonymous) return null;
  return (
    <Notice tone="warn" title={text.open}>
      {text.openWhy}{' '}
      {admin && (
        <a class="in-text" href="/devices/access">
          {text.change}
        </a>
      )}
    </Notice>
  );
}

function closed({ anonymous, enabled }: DeviceAccountPage): string {
  if (anonymous) return '';
  return enabled === 0 ? text.closedToAll : text.closed;
}

export function Accounts({ session }: { state: State; session: Session }): JSX.Element {
  const [search, setSearch] = useState('');
  const paged = usePaged((cursor) => accounts.list(search, cursor), EVERY_MS, search);
  const { page, asked } = paged;
  const busy = asked.value === null && asked.error === null;
  return (
    <>
      <Headline
        tone={!page || page.total === 0 ? 'off' : page.anonymous ? 'warn' : 'ok'}
        eyebrow={text.eyebrow}
        title={page ? text.title(page.total) : text.asking}
        detail={page && closed(page)}
        actions={<AddLink session={session} />}
      />
      <Trouble asked={asked} />
      {page === null && <Loading asked={asked} />}
      {page && <Door page={page} admin={mayAdminister(session)} />}
      {page && page.total === 0 && (
        <div class="card empty">
          <p>{text.none}</p>
        </div>
      )}
      {page && page.total > 0 && (
        <Card
          title={text.list}
          aside={<span class="aside">{text.shown(page.accounts.length, page.total)}</span>}
        >
          <div class="inputs tools">
            <Search label={text.find} value={search} onSearch={setSearch} />
          </div>
          <div aria-busy={busy} class={busy ? 'dimmed' : ''}>
            {page.accounts.length === 0 ? (
              <p class="quiet">{text.nothing}</p>
            ) : (
              <ul class="devices account-list">
                {page.accounts.map((account) => (
                  <Row key={account.name} account={account} />
                ))}
              </ul>
            )}
          </div>
          <Pager {...paged} />
        </Card>
      )}
    </>
  );
}
