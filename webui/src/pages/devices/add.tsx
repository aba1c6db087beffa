// SPDX-License-Identifier: Apache-2.0
// A device gets an account, and is told how it connects, until its first message is here.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { accounts } from '../../api/accounts';
import { errorText } from '../../api/client';
import { devices } from '../../api/devices';
import { query } from '../../api/query';
import type { DeviceAccount, Gateway, Session, State } from '../../api/types';
import { topicsOf } from '../../derive/account';
import { payloadOf } from '../../derive/data';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { Headline, mayAdminister } from '../../parts/asked';
import { Notice, Status } from '../../parts/basics';
import { focusFirstError } from '../../parts/door-form';
import { Field } from '../../parts/field';
import { plain, Refused } from '../../parts/form';
import { useAsked } from '../../state/asked';
import { devices as allTexts } from '../../text';
import { accountPath } from './accounts';
import { Connect } from './connect';
import {
  CERTIFICATE_WISH,
  CertificateFields,
  type CertificateWish,
  type Rights,
  RightsFields,
  requestOf,
  wrongWish,
} from './fields';
import { type Made, Secret } from './secret';

const text = allTexts.add;
const FIELDS = allTexts.fields;
const RIGHTS: Rights = { publish: 'sensors/%u/#', subscribe: '', description: '' };
const WATCH_MS = 3000;
const TOPICS_MAX = 8;

type Kind = 'password' | 'certificate';
type Names = 'name' | keyof Rights | 'csr' | 'days';
const NAMES: readonly Names[] = ['name', 'publish', 'subscribe', 'description', 'csr', 'days'];

/** A topic of several is refused with its number: the field has all of them. */
function withTopics<Name extends string>(error: unknown, found: Refusal<Name>): Refusal<Name> {
  const fields: Partial<Record<string, string>> = { ...found.fields };
  for (let i = 0; i < TOPICS_MAX; i++)
    for (const name of ['publish', 'subscribe']) {
      const place = `${name}/${i}`;
      fields[name] ??= refusalOf(error, [place]).fields[place];
      if (fields[name] === undefined) delete fields[name];
    }
  return Object.keys(fields).length > 0
    ? { fields: fields as Refusal<Name>['fields'], rest: null }
    : found;
}

export function rightsRefusal(error: unknown): Refusal<keyof Rights> {
  return withTopics(error, refusalOf(error, ['publish', 'subscribe', 'description']));
}

/** With a certificate it is both or neither. */
async function make(name: string, rights: Rights, wish: CertificateWish | null): Promise<Made> {
  const secret = await accounts.add({
    name,
    publish: topicsOf(rights.publish),
    subscribe: topicsOf(rights.subscribe),
    description: rights.description,
  });
  if (!wish) return { kind: 'password', secret };
  try {
    return { kind: 'certificate', issued: await accounts.issue(name, requestOf(wish)) };
  } catch (error) {
    await accounts.remove(name).catch((why) => {
      throw new Error(text.leftOver(name, errorText(why)));
    });
    throw error;
  }
}

function ProofChoice({
  kind,
  tls,
  onChoose,
}: {
  kind: Kind;
  tls: boolean;
  onChoose: (kind: Kind) => void;
}): JSX.Element {
  const options = [
    ['password', FIELDS.password, FIELDS.passwordHint],
    ['certificate', FIELDS.certificate, tls ? FIELDS.certificateHint : FIELDS.certificateOff],
  ] as const;
  return (
    <fieldset class="policies">
      <legend>{FIELDS.how}</legend>
      {options.map(([value, title, hint]) => (
        <label key={value}>
          <input
            type="radio"
            name="proof"
            value={value}
            checked={kind === value}
            disabled={value === 'certificate' && !tls}
            onChange={() => onChoose(value)}
          />
          <span>
            <b>{title}</b>
            <span class="hint">{hint}</span>
          </span>
        </label>
      ))}
      {!tls && (
        <p class="hint below">
          <a href="/devices/access">{FIELDS.turnOn}</a>
        </p>
      )}
    </fieldset>
  );
}

function AddForm({ tls, onMade }: { tls: boolean; onMade: (made: Made) => void }): JSX.Element {
  const [name, setName] = useState('');
  const [rights, setRights] = useState(RIGHTS);
  const [kind, setKind] = useState<Kind>('password');
  const [wish, setWish] = useState(CERTIFICATE_WISH);
  const [wrong, setWrong] = useState<Refusal<Names>>(NOT_REFUSED);
  const [busy, setBusy] = useState(false);
  const add = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields: Refusal<Names>['fields'] = kind === 'certificate' ? { ...wrongWish(wish) } : {};
    if (name === '') fields.name = FIELDS.nameMissing;
    setWrong({ fields, rest: null });
    if (Object.keys(fields).length === 0) {
      setBusy(true);
      try {
        onMade(await make(name, rights, kind === 'certificate' ? wish : null));
        return;
      } catch (error) {
        setWrong(withTopics(error, refusalOf(error, NAMES)));
        setBusy(false);
      }
    }
    focusFirstError(form);
  };
  return (
    <form class="card add-device" onSubmit={add} noValidate aria-label={text.form}>
      <Refused error={wrong.rest} />
      <Field
        id="account-name"
        label={FIELDS.name}
        hint={FIELDS.nameHint}
        error={wrong.fields.name}
        input={{ ...plain(name, setName, true), maxLength: 63 }}
      />
      <RightsFields
        name={name}
        rights={rights}
        errors={wrong.fields}
        onChange={(change) => setRights({ ...rights, ...change })}
      />
      <ProofChoice kind={kind} tls={tls} onChoose={setKind} />
      {kind === 'certificate' && (
        <CertificateFields
          wish={wish}
          errors={wrong.fields}
          onChange={(change) => setWish({ ...wish, ...change })}
        />
      )}
      <button type="submit" class="button primary" disabled={busy}>
        {busy ? text.sending : text.send}
      </button>
    </form>
  );
}

/** Until it is heard; what it said before it was added does not count. */
function Watch({ name, since }: { name: string; since: string }): JSX.Element {
  const asked = useAsked(() => devices.named(name), WATCH_MS, name);
  const device = asked.value?.device;
  const heard = device?.last_seen != null && device.last_seen >= since ? device : null;
  return (
    <div class="card watch" role="status" data-testid="watch">
      {heard ? (
        <>
          <p>
            <Status tone="ok">{allTexts.watch.heard(name)}</Status>
          </p>
          <p class="mono breaks">
            <bdi>{allTexts.watch.value(heard.topic, payloadOf(heard.last).text)}</bdi>
          </p>
          <p>
            <a href={`/data/records${query({ topic: heard.topic })}`}>{allTexts.watch.records}</a>
          </p>
        </>
      ) : (
        <Status tone="move">{allTexts.watch.waiting(name)}</Status>
      )}
    </div>
  );
}

function accountOf(made: Made): DeviceAccount {
  return made.kind === 'password' ? made.secret.account : made.issued.account;
}

/** What is known of it while this is shown. */
export function proofOf(made: Made | null) {
  if (made?.kind === 'password') return { password: made.secret.password, certificate: null };
  if (made?.kind === 'certificate') return { password: null, certificate: made.issued };
  return { password: null, certificate: null };
}

function Added({
  made,
  field,
  since,
  onAnother,
}: {
  made: Made;
  field: Gateway['field'];
  since: string;
  onAnother: () => void;
}): JSX.Element {
  const account = accountOf(made);
  return (
    <>
      <Headline
        tone="ok"
        eyebrow={text.eyebrow}
        title={text.madeTitle(account.name)}
        detail={text.madeDetail}
        actions={
          <p class="actions">
            <button type="button" class="button" onClick={onAnother}>
              {text.another}
            </button>
            <a class="button" href={accountPath(account.name)}>
              {text.toAccount}
            </a>
          </p>
        }
      />
      <Secret made={made} />
      <div class="stack">
        <Watch name={account.name} since={since} />
        <Connect account={account} proof={proofOf(made)} field={field} />
      </div>
    </>
  );
}

export function Add({ state, session }: { state: State; session: Session }): JSX.Element {
  const [made, setMade] = useState<{ made: Made; since: string } | null>(null);
  const { field } = state.gateway;
  if (made) return <Added {...made} field={field} onAnother={() => setMade(null)} />;
  return (
    <>
      <Headline
        tone="off"
        eyebrow={text.eyebrow}
        title={text.title}
        detail={text.detail}
        crumb={{ href: '/devices/accounts', title: allTexts.account.back }}
      />
      {mayAdminister(session) ? (
        <AddForm
          tls={field.tls_port !== null}
          onMade={(done) => setMade({ made: done, since: state.at })}
        />
      ) : (
        <Notice tone="off" title={text.onlyAdmin} />
      )}
    </>
  );
}
