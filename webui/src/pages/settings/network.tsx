// SPDX-License-Identifier: Apache-2.0
// Network and time of the machine: as they are, another network on trial, and the word that keeps it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { network } from '../../api/network';
import type { Network } from '../../api/types';
import {
  canSetTime,
  changeOf,
  type LinkForm,
  linkForms,
  refusedFields,
} from '../../derive/network';
import { duration } from '../../format/format';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Notice } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { Field } from '../../parts/field';
import { plain } from '../../parts/form';
import { ZoneForm } from '../../parts/zone-form';
import { useAsked } from '../../state/asked';
import { useDeed } from '../../state/deed';
import { networkText as text } from '../../text';
import type { PageProps } from '../props';

/** A trial counts down. */
const EVERY_MS = 2000;

/** Where the page is after a change, by the port and the way that somebody has come. */
function addressOf(host: string): string {
  const { protocol, port, pathname } = location;
  const name = host.includes(':') ? `[${host}]` : host;
  return `${protocol}//${name}${port && `:${port}`}${pathname}`;
}

function Trial({
  trial: { id, seconds_left, addresses },
  mayKeep,
  onKept,
}: {
  trial: NonNullable<Network['trial']>;
  mayKeep: boolean;
  onKept: () => void;
}): JSX.Element {
  const deed = useDeed();
  const keep = () =>
    deed.run(async () => {
      await network.confirm(id);
      onKept();
      return text.kept;
    });
  return (
    <Notice tone="move" title={text.trial(duration(seconds_left))}>
      <Outcome text={deed.text} error={deed.error} />
      {addresses.length > 0 && (
        <p>
          {text.at}{' '}
          {addresses.map((host) => (
            <a class="in-text" href={addressOf(host)} key={host}>
              {addressOf(host)}
            </a>
          ))}
        </p>
      )}
      {mayKeep && (
        <button type="button" class="button" disabled={deed.busy} onClick={() => void keep()}>
          {deed.busy ? text.keeping : text.keep}
        </button>
      )}
    </Notice>
  );
}

function Links({ links }: { links: Network['links'] }): JSX.Element {
  return (
    <Card title={text.links}>
      {links.length === 0 && <p class="quiet">{text.noLinks}</p>}
      <Facts>
        {links.map(({ name, managed, addresses }) => (
          <Fact name={name} key={name}>
            {addresses.length === 0 && text.noAddress}
            {addresses.map((address) => (
              <div class="breaks" key={address}>
                {address}
              </div>
            ))}
            <span class="quiet">{managed ? text.managed : text.foreign}</span>
          </Fact>
        ))}
      </Facts>
    </Card>
  );
}

function Link({
  form,
  place,
  wrong,
  onChange,
}: {
  form: LinkForm;
  /** Which of them it is. */
  place: number;
  wrong: Record<string, string>;
  onChange: (change: Partial<LinkForm>) => void;
}): JSX.Element {
  const { name, fixed, address, router, dns } = form;
  const id = (member: string) => `${place}/${member}`;
  return (
    <>
      <fieldset class="policies">
        <legend>{text.how(name)}</legend>
        {[false, true].map((one) => (
          <label key={String(one)}>
            <input
              type="radio"
              name={`how-${name}`}
              checked={fixed === one}
              onChange={() => onChange({ fixed: one })}
            />
            <span>
              <b>{one ? text.fixed : text.dhcp}</b>
              <span class="hint">{one ? text.fixedHint : text.dhcpHint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {fixed && (
        <>
          <Field
            id={id('address')}
            label={text.address(name)}
            hint={text.addressHint}
            error={wrong[id('address')]}
            input={plain(address, (value) => onChange({ address: value }))}
          />
          <Field
            id={id('router')}
            label={text.router}
            error={wrong[id('router')]}
            input={plain(router, (value) => onChange({ router: value }))}
          />
          <Field
            id={id('dns')}
            label={text.dns}
            hint={text.dnsHint}
            error={wrong[id('dns')]}
            input={plain(dns, (value) => onChange({ dns: value }))}
          />
        </>
      )}
    </>
  );
}

function Change({ now, onChanged }: { now: Network; onChanged: () => void }): JSX.Element {
  const [forms, setForms] = useState(() => linkForms(now));
  const [asks, setAsks] = useState(false);
  const deed = useDeed();
  const wrong = refusedFields(deed.error);
  const rest = Object.keys(wrong).length > 0 ? null : deed.error;
  const change = () =>
    deed.run(async () => {
      await network.change(changeOf(forms));
      onChanged();
      return '';
    });
  return (
    <Card title={text.change}>
      <form
        noValidate
        aria-label={text.change}
        onSubmit={(event) => {
          event.preventDefault();
          setAsks(true);
        }}
      >
        <Outcome text={deed.text} error={rest} />
        {forms.map((form, i) => (
          <Link
            key={form.name}
            form={form}
            place={i}
            wrong={wrong}
            onChange={(what) =>
              setForms(forms.map((one, k) => (k === i ? { ...one, ...what } : one)))
            }
          />
        ))}
        <button type="submit" class="button primary" disabled={deed.busy}>
          {deed.busy ? text.trying : text.try}
        </button>
      </form>
      {asks && (
        <Confirm
          title={text.sure}
          confirm={text.confirm}
          onConfirm={() => void change()}
          onClose={() => setAsks(false)}
        >
          <p>{text.sureText}</p>
        </Confirm>
      )}
    </Card>
  );
}

function Time({ now, onSet }: { now: Network; onSet: (() => void) | null }): JSX.Element {
  const { zone, servers = [] } = now.time ?? {};
  return (
    <Card title={text.time}>
      {onSet ? (
        <ZoneForm now={now} withServers onSet={onSet} />
      ) : (
        <Facts>
          <Fact name={text.zone}>{zone ?? text.unknown}</Fact>
          {servers.length > 0 && <Fact name={text.servers}>{servers.join(', ')}</Fact>}
        </Facts>
      )}
    </Card>
  );
}

export function NetworkPage({ session }: PageProps): JSX.Element {
  const asked = useAsked(network.read, EVERY_MS);
  const admin = mayAdminister(session);
  const now = asked.value;
  const again = () => void asked.again();
  const mayChange = admin && now?.managed === true && now.trial === null;
  return (
    <>
      <Headline
        tone={now?.trial ? 'move' : 'off'}
        eyebrow={text.eyebrow}
        title={now?.trial ? text.titleTrial : text.title}
        detail={text.lead}
      />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {now?.trial && <Trial trial={now.trial} mayKeep={admin} onKept={again} />}
      {now && !now.trial && now.last?.kept === false && <Notice tone="warn" title={text.back} />}
      {now && !now.managed && (
        <Notice tone="off" title={text.cannot}>
          {now.why}
        </Notice>
      )}
      {now && (
        <div class="halves">
          <div class="stack">
            <Links links={now.links} />
            <Time now={now} onSet={admin && canSetTime(now) ? again : null} />
          </div>
          {mayChange && <Change now={now} onChanged={again} />}
        </div>
      )}
    </>
  );
}
