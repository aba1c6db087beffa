// SPDX-License-Identifier: Apache-2.0
// One account of a device: what it may do, how it proves itself and connects, what was heard of it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { accounts } from '../../api/accounts';
import { isApiError } from '../../api/client';
import type { DeviceAccount, DeviceAccountPatch, Session, State } from '../../api/types';
import { inFull, topicsOf } from '../../derive/account';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { timeNear } from '../../format/format';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Card, Copyable, Fact, Facts, Title } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { focusFirstError } from '../../parts/door-form';
import { Refused } from '../../parts/form';
import { useAsked } from '../../state/asked';
import { type Deed, useDeed } from '../../state/deed';
import { devices as allTexts } from '../../text';
import { proofOf, rightsRefusal } from './add';
import { Connect } from './connect';
import {
  CERTIFICATE_WISH,
  type CertificateErrors,
  CertificateFields,
  type Rights,
  RightsFields,
  requestOf,
  wrongWish,
} from './fields';
import { Heard } from './publishing';
import { type Made, Secret } from './secret';

const text = allTexts.account;
const DEEDS = allTexts.deeds;
/** Somebody else may change it. */
const EVERY_MS = 15_000;

type Act = 'rotate' | 'take' | 'disable' | 'enable' | 'delete';

function rightsOf({ publish, subscribe, description }: DeviceAccount): Rights {
  return { publish: publish.join(' '), subscribe: subscribe.join(' '), description };
}

function EditRights({
  account,
  onSaved,
  onClose,
}: {
  account: DeviceAccount;
  onSaved: (said: string) => void;
  onClose: () => void;
}): JSX.Element {
  const before = rightsOf(account);
  const [rights, setRights] = useState(before);
  const [wrong, setWrong] = useState<Refusal<keyof Rights>>(NOT_REFUSED);
  const { busy, run } = useDeed();
  const patch: DeviceAccountPatch = {};
  if (rights.publish !== before.publish) patch.publish = topicsOf(rights.publish);
  if (rights.subscribe !== before.subscribe) patch.subscribe = topicsOf(rights.subscribe);
  if (rights.description !== before.description) patch.description = rights.description;
  const topics = patch.publish !== undefined || patch.subscribe !== undefined;
  const save = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    await run(async () => {
      await accounts.change(account.name, patch).catch((error) => {
        setWrong(rightsRefusal(error));
        throw error;
      });
      onSaved(topics ? text.saved : text.savedQuietly);
      return '';
    });
    focusFirstError(form);
  };
  return (
    <form onSubmit={save} noValidate aria-label={text.editForm}>
      <Refused error={wrong.rest} />
      <RightsFields
        name={account.name}
        rights={rights}
        errors={wrong.fields}
        onChange={(change) => setRights({ ...rights, ...change })}
      />
      <p class="quiet above">{text.savingDisconnects}</p>
      <div class="inputs">
        <button
          type="submit"
          class="button primary"
          disabled={busy || Object.keys(patch).length === 0}
        >
          {busy ? text.saving : text.save}
        </button>
        <button type="button" class="button" disabled={busy} onClick={onClose}>
          {text.cancel}
        </button>
      </div>
    </form>
  );
}

function Topics({ name, topics }: { name: string; topics: readonly string[] }): JSX.Element {
  if (topics.length === 0) return <>{text.nothing}</>;
  return (
    <ul class="topic-list">
      {topics.map((topic) => (
        <li key={topic} title={topic}>
          <bdi class="mono">{inFull(topic, name)}</bdi>
        </li>
      ))}
    </ul>
  );
}

function MayDo({
  account,
  admin,
  onSaved,
}: {
  account: DeviceAccount;
  admin: boolean;
  onSaved: (said: string) => void;
}): JSX.Element {
  const [editing, setEditing] = useState(false);
  const { name, publish, subscribe, description } = account;
  return (
    <Card
      title={text.may}
      aside={
        admin &&
        !editing && (
          <button type="button" class="button small" onClick={() => setEditing(true)}>
            {text.edit}
          </button>
        )
      }
    >
      {editing ? (
        <EditRights
          account={account}
          onClose={() => setEditing(false)}
          onSaved={(said) => {
            setEditing(false);
            onSaved(said);
          }}
        />
      ) : (
        <Facts>
          <Fact name={text.publishes}>
            <Topics name={name} topics={publish} />
          </Fact>
          <Fact name={text.subscribes}>
            <Topics name={name} topics={subscribe} />
          </Fact>
          {description && (
            <Fact name={text.description}>
              <bdi>{description}</bdi>
            </Fact>
          )}
        </Facts>
      )}
    </Card>
  );
}

function Issue({
  name,
  onIssued,
  onClose,
}: {
  name: string;
  onIssued: (made: Made) => void;
  onClose: () => void;
}): JSX.Element {
  const [wish, setWish] = useState(CERTIFICATE_WISH);
  const [wrong, setWrong] = useState<Refusal<keyof CertificateErrors>>(NOT_REFUSED);
  const { busy, run } = useDeed();
  const issue = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = wrongWish(wish);
    setWrong({ fields, rest: null });
    if (Object.keys(fields).length === 0)
      await run(async () => {
        const issued = await accounts.issue(name, requestOf(wish)).catch((error) => {
          setWrong(refusalOf(error, ['csr', 'days']));
          throw error;
        });
        onIssued({ kind: 'certificate', issued });
        return '';
      });
    focusFirstError(form);
  };
  return (
    <form onSubmit={issue} noValidate aria-label={text.certificateForm} class="issue">
      <Refused error={wrong.rest} />
      <p class="quiet above">{text.issueWhat}</p>
      <CertificateFields
        wish={wish}
        errors={wrong.fields}
        onChange={(change) => setWish({ ...wish, ...change })}
      />
      <div class="inputs">
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? text.issuing : text.issue}
        </button>
        <button type="button" class="button" disabled={busy} onClick={onClose}>
          {text.cancel}
        </button>
      </div>
    </form>
  );
}

function Certificate({ account, at }: { account: DeviceAccount; at: string }): JSX.Element {
  const { certificate } = account;
  if (!certificate) return <Fact name={text.certificateOf}>{text.none}</Fact>;
  const { fingerprint, not_after } = certificate;
  const when = timeNear(not_after, at);
  return (
    <>
      <Fact name={text.certificateOf}>
        <span title={not_after}>{not_after < at ? text.ended(when) : text.until(when)}</span>
      </Fact>
      <Fact name={text.fingerprint}>
        <Copyable
          value={fingerprint}
          shown={`${fingerprint.slice(0, 16)}…`}
          label={text.copyFingerprint}
        />
      </Fact>
    </>
  );
}

function ProofCard({
  account,
  admin,
  tls,
  at,
  onAsk,
  onIssued,
}: {
  account: DeviceAccount;
  admin: boolean;
  tls: boolean;
  at: string;
  onAsk: (act: Act) => void;
  onIssued: (made: Made) => void;
}): JSX.Element {
  const [issuing, setIssuing] = useState(false);
  const { name, certificate, password_set } = account;
  const button = (what: string, onClick: () => void) => (
    <button type="button" class="button small" onClick={onClick}>
      {what}
    </button>
  );
  return (
    <Card title={text.proof}>
      <Facts>
        <Fact name={text.passwordOf}>
          <span title={password_set}>
            {certificate ? text.passwordAsleep : text.passwordSet(timeNear(password_set, at))}
          </span>
        </Fact>
        <Certificate account={account} at={at} />
      </Facts>
      {admin && !issuing && (
        <p class="deeds">
          {button(text.newPassword, () => onAsk('rotate'))}
          {(tls || certificate) &&
            button(certificate ? text.newCertificate : text.giveCertificate, () =>
              setIssuing(true),
            )}
          {certificate && button(text.takeCertificate, () => onAsk('take'))}
        </p>
      )}
      {admin && !issuing && !tls && !certificate && (
        <p class="quiet below">
          {allTexts.fields.certificateOff}{' '}
          <a class="in-text" href="/devices/access">
            {allTexts.fields.turnOn}
          </a>
        </p>
      )}
      {issuing && (
        <Issue
          name={name}
          onClose={() => setIssuing(false)}
          onIssued={(made) => {
            setIssuing(false);
            onIssued(made);
          }}
        />
      )}
    </Card>
  );
}

function actWith(name: string, setMade: (made: Made | null) => void) {
  return async (act: Act): Promise<string> => {
    setMade(null);
    switch (act) {
      case 'rotate':
        setMade({ kind: 'password', secret: await accounts.rotate(name) });
        return '';
      case 'take':
        await accounts.takeCertificate(name);
        break;
      case 'delete':
        await accounts.remove(name);
        break;
      default:
        await accounts.change(name, { enabled: act === 'enable' });
    }
    return DEEDS[act].done(name);
  };
}

function Sure({
  act,
  account,
  onConfirm,
  onClose,
}: {
  act: Act;
  account: DeviceAccount;
  onConfirm: () => void;
  onClose: () => void;
}): JSX.Element {
  const { title, text: what, button } = DEEDS[act];
  return (
    <Confirm
      title={title(account.name)}
      confirm={button}
      danger={act !== 'enable'}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        {what} {act === 'rotate' && account.certificate && DEEDS.rotate.withCertificate}{' '}
        {DEEDS.noOther}
      </p>
    </Confirm>
  );
}

function Whole({
  account,
  state,
  admin,
  deed,
  onChanged,
}: {
  account: DeviceAccount;
  state: State;
  admin: boolean;
  deed: Deed;
  onChanged: () => Promise<void>;
}): JSX.Element {
  const [asking, setAsking] = useState<Act | null>(null);
  const [made, setMade] = useState<Made | null>(null);
  const { name, enabled } = account;
  const act = actWith(name, setMade);
  const run = (what: Act) =>
    deed.run(async () => {
      const said = await act(what);
      await onChanged();
      return said;
    });
  const take = (next: Made) => {
    setMade(next);
    void deed.run(async () => {
      await onChanged();
      return '';
    });
  };
  return (
    <>
      {made && <Secret made={made} />}
      <div class="halves">
        <div class="stack">
          <Connect account={account} proof={proofOf(made)} field={state.gateway.field} />
          <Heard name={name} at={state.at} />
        </div>
        <div class="stack">
          <MayDo
            account={account}
            admin={admin}
            onSaved={(said) =>
              void deed.run(async () => {
                await onChanged();
                return said;
              })
            }
          />
          <ProofCard
            account={account}
            admin={admin}
            tls={state.gateway.field.tls_port !== null}
            at={state.at}
            onAsk={setAsking}
            onIssued={take}
          />
          {admin && (
            <Card title={text.rest}>
              <p class="deeds">
                <button
                  type="button"
                  class="button small"
                  disabled={deed.busy}
                  onClick={() => setAsking(enabled ? 'disable' : 'enable')}
                >
                  {enabled ? text.disable : text.enable}
                </button>
                <button
                  type="button"
                  class="button small bad"
                  disabled={deed.busy}
                  onClick={() => setAsking('delete')}
                >
                  {text.delete}
                </button>
              </p>
            </Card>
          )}
        </div>
      </div>
      {asking && (
        <Sure
          act={asking}
          account={account}
          onConfirm={() => void run(asking)}
          onClose={() => setAsking(null)}
        />
      )}
    </>
  );
}

function Gone({ said }: { said: string }): JSX.Element {
  return (
    <header class="headline">
      <p class="crumbs">
        <a href="/devices/accounts">{text.back}</a>
      </p>
      <Title>{said || text.gone}</Title>
      {!said && <p class="sub">{text.goneHow}</p>}
    </header>
  );
}

export function Account({
  name,
  state,
  session,
}: {
  name: string;
  state: State;
  session: Session;
}): JSX.Element {
  const asked = useAsked(() => accounts.one(name), EVERY_MS, name);
  const deed = useDeed();
  const account = asked.value;
  if (isApiError(asked.error, 404)) return <Gone said={deed.text} />;
  return (
    <>
      <Headline
        tone={account?.enabled ? 'ok' : 'off'}
        eyebrow={account?.enabled === false ? text.disabled : text.enabled}
        title={name}
        detail={account && text.added(timeNear(account.created, state.at))}
        crumb={{ href: '/devices/accounts', title: text.back }}
      />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome text={deed.text} error={deed.error} />
      {account && (
        <Whole
          account={account}
          state={state}
          admin={mayAdminister(session)}
          deed={deed}
          onChanged={asked.again}
        />
      )}
    </>
  );
}
