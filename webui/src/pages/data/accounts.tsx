// SPDX-License-Identifier: Apache-2.0
// With which accounts devices log in.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { accounts } from '../../api/accounts';
import { configuration } from '../../api/config';
import type {
  DeviceAccount,
  DeviceAccountPage,
  DeviceAccountSecret,
  Gateway,
  Session,
} from '../../api/types';
import { count } from '../../format/format';
import { Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Card, Notice, Status } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { useAsked } from '../../state/asked';
import { AddAccount, ImportAccounts, Secret } from './account-forms';

async function loadPages(pages: number): Promise<DeviceAccountPage> {
  let whole = await accounts.list(null);
  for (let i = 1; i < pages && whole.next !== null; i++) {
    const more = await accounts.list(whole.next);
    whole = { ...more, accounts: [...whole.accounts, ...more.accounts] };
  }
  return whole;
}

type Deed = 'rotate' | 'disable' | 'enable' | 'delete';

const DEEDS: Record<Deed, { title: string; text: string; button: string; danger: boolean }> = {
  rotate: {
    title: 'Another password for',
    text: 'It is disconnected and comes back only with the new password, which is shown once.',
    button: 'Make a new one',
    danger: true,
  },
  disable: {
    title: 'Disable',
    text: 'It is disconnected and refused until it is enabled again.',
    button: 'Disable it',
    danger: true,
  },
  enable: {
    title: 'Enable',
    text: 'It can log in again with the password that it has.',
    button: 'Enable it',
    danger: false,
  },
  delete: {
    title: 'Delete the account of',
    text: 'It is disconnected and refused. There is no way back.',
    button: 'Delete it',
    danger: true,
  },
};

function Row({
  account,
  onDeed,
}: {
  account: DeviceAccount;
  onDeed: ((deed: Deed) => void) | null;
}): JSX.Element {
  const { name, enabled } = account;
  const button = (deed: Deed, text: string) => (
    <button type="button" class="button small" onClick={() => onDeed?.(deed)}>
      {text}
      <span class="unseen"> {name}</span>
    </button>
  );
  return (
    <li data-testid="account">
      <b class="device-name breaks">{name}</b>
      <Status tone={enabled ? 'ok' : 'off'}>{enabled ? 'enabled' : 'disabled'}</Status>
      <span class="account-topics">
        <span class="mono breaks">{account.publish.join(' ') || 'publishes nothing'}</span>
        {account.subscribe.length > 0 && (
          <span class="quiet mono breaks">hears {account.subscribe.join(' ')}</span>
        )}
        {account.description && <span class="quiet breaks">{account.description}</span>}
      </span>
      {onDeed && (
        <span class="account-deeds">
          {button('rotate', 'New password')}
          {enabled ? button('disable', 'Disable') : button('enable', 'Enable')}
          {button('delete', 'Delete')}
        </span>
      )}
    </li>
  );
}

/** Whether devices without an account are let in is a setting, and a warning. */
function Door({
  page,
  admin,
  onAsk,
}: {
  page: DeviceAccountPage;
  admin: boolean;
  onAsk: () => void;
}): JSX.Element | null {
  if (page.anonymous)
    return (
      <Notice tone="warn" title="Devices without an account are let in.">
        <p>Whoever is on the network can publish as any device.</p>
        {admin && (
          <button type="button" class="button" onClick={onAsk}>
            Accounts only…
          </button>
        )}
      </Notice>
    );
  return (
    <p class="quiet">
      {page.enabled === 0
        ? 'No device can log in: give each an account.'
        : 'Only devices with an account are let in.'}{' '}
      {admin && (
        <button type="button" class="button small" onClick={onAsk}>
          Let others in…
        </button>
      )}
    </p>
  );
}

interface Asking {
  deed: Deed;
  name: string;
}

export function Accounts({
  field,
  session,
}: {
  field: Gateway['field'];
  session: Session;
}): JSX.Element {
  const pages = useRef(1);
  const asked = useAsked(() => loadPages(pages.current), null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [door, setDoor] = useState(false);
  const [secret, setSecret] = useState<DeviceAccountSecret | null>(null);
  const [done, setDone] = useState<{ text: string; error: unknown }>({ text: '', error: null });
  const admin = mayAdminister(session);
  const page = asked.value;

  const attempt = async (work: () => Promise<string>) => {
    setSecret(null);
    try {
      setDone({ text: await work(), error: null });
    } catch (error) {
      setDone({ text: '', error });
    }
    await asked.again();
  };
  const act = ({ deed, name }: Asking) =>
    attempt(async () => {
      if (deed === 'rotate') setSecret(await accounts.rotate(name));
      else if (deed === 'delete') await accounts.remove(name);
      else await accounts.change(name, { enabled: deed === 'enable' });
      return {
        rotate: '',
        delete: `${name} is deleted.`,
        disable: `${name} is disabled.`,
        enable: `${name} is enabled.`,
      }[deed];
    });
  const turnDoor = (anonymous: boolean) =>
    attempt(async () => {
      const { tag } = await configuration.read();
      await configuration.change({ broker: { anonymous } }, tag);
      return anonymous ? 'Devices without an account are let in.' : 'Only accounts are let in.';
    });
  const more = () => {
    pages.current++;
    void asked.again();
  };

  return (
    <Card
      title="Accounts"
      aside={page && <span class="aside">{count(page.total)}</span>}
      class="accounts"
    >
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {page && <Door page={page} admin={admin} onAsk={() => setDoor(true)} />}
      <Outcome text={done.text} error={done.error} />
      {secret && <Secret secret={secret} field={field} />}
      {page && page.accounts.length > 0 && (
        <ul class="devices">
          {page.accounts.map((account) => (
            <Row
              key={account.name}
              account={account}
              onDeed={admin ? (deed) => setAsking({ deed, name: account.name }) : null}
            />
          ))}
        </ul>
      )}
      {page?.next != null && (
        <button type="button" class="button more" onClick={more}>
          Load more
        </button>
      )}
      {admin && (
        <>
          <AddAccount
            onAdded={(added) =>
              void attempt(async () => {
                setSecret(added);
                return '';
              })
            }
          />
          <ImportAccounts onImported={() => void asked.again()} />
        </>
      )}
      {asking && (
        <Confirm
          title={`${DEEDS[asking.deed].title} ${asking.name}?`}
          confirm={DEEDS[asking.deed].button}
          danger={DEEDS[asking.deed].danger}
          onConfirm={() => void act(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{DEEDS[asking.deed].text} No other device is disconnected.</p>
        </Confirm>
      )}
      {door && page && (
        <Confirm
          title={page.anonymous ? 'Accounts only?' : 'Let devices in without an account?'}
          confirm={page.anonymous ? 'Accounts only' : 'Let them in'}
          danger
          onConfirm={() => void turnDoor(!page.anonymous)}
          onClose={() => setDoor(false)}
        >
          <p>
            {page.anonymous
              ? 'Devices that have no account are disconnected at once, and refused from now on.'
              : 'Whoever is on the network can then publish as any device.'}
          </p>
        </Confirm>
      )}
    </Card>
  );
}
