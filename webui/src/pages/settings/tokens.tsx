// SPDX-License-Identifier: Apache-2.0
// With which programs ask the gateway.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { tokens } from '../../api/access';
import type { NewToken, Role, Session, Token } from '../../api/types';
import {
  agoText,
  rolesUpTo,
  TOKEN_DAYS_MAX,
  tokenLine,
  tokenMark,
  wrongDays,
  wrongTokenName,
} from '../../derive/access';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { count, date } from '../../format/format';
import { Headline, Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Copyable, Notice, Status } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { focusFirstError } from '../../parts/door-form';
import { Field } from '../../parts/field';
import { plain, Refused } from '../../parts/form';
import { useAsked } from '../../state/asked';
import { useDeed } from '../../state/deed';
import type { PageProps } from '../props';
import { RoleChoice } from './parts';

const EVERY_MS = 15_000;
const DAYS = '365';

type Names = 'name' | 'role' | 'days';

/** What can be known only now. */
function Secret({ made }: { made: NewToken }): JSX.Element {
  return (
    <div class="secret" role="status" data-testid="secret">
      <Notice tone="ok" title={`The token ${made.name}, shown this once:`}>
        <p>
          <Copyable value={made.token} label="token" />
        </p>
        <p>Try it from another computer:</p>
        <p>
          <Copyable value={tokenLine(location.origin, made.token)} label="command" />
        </p>
      </Notice>
    </div>
  );
}

function AddToken({
  session,
  onMade,
}: {
  session: Session;
  onMade: (made: NewToken) => void;
}): JSX.Element {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState(DAYS);
  const [refusal, setRefusal] = useState<Refusal<Names>>(NOT_REFUSED);
  const { busy, run } = useDeed();
  const add = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields: Refusal<Names>['fields'] = {};
    const [wrongName, wrongTime] = [wrongTokenName(name), wrongDays(days)];
    if (wrongName) fields.name = wrongName;
    if (wrongTime) fields.days = wrongTime;
    setRefusal({ fields, rest: null });
    if (!wrongName && !wrongTime)
      await run(async () => {
        const made = await tokens.add({ name, role, days: Number(days) }).catch((error) => {
          setRefusal(refusalOf(error, ['name', 'role', 'days']));
          throw error;
        });
        setName('');
        onMade(made);
        return '';
      });
    focusFirstError(form);
  };
  return (
    <Card title="Make a token">
      <form onSubmit={add} noValidate aria-label="Make a token">
        <Refused error={refusal.rest} />
        <Field
          id="token-name"
          label="Name"
          hint="What uses it, such as monitoring."
          error={refusal.fields.name}
          input={plain(name, setName)}
        />
        <Field
          id="token-days"
          label="Good for"
          hint={`At most ${count(TOKEN_DAYS_MAX)} days.`}
          error={refusal.fields.days}
          input={{ ...plain(days, setDays), inputMode: 'numeric' }}
          beside={<span class="unit">days</span>}
        />
        <RoleChoice
          id="token-role"
          roles={rolesUpTo(session.role)}
          value={role}
          onChoose={setRole}
        />
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? 'Making…' : 'Make the token'}
        </button>
      </form>
    </Card>
  );
}

function Row({
  token,
  at,
  mine,
  onRevoke,
}: {
  token: Token;
  at: string;
  mine: boolean;
  onRevoke: () => void;
}): JSX.Element {
  const mark = tokenMark(token, at);
  return (
    <li data-testid="token" data-name={token.name}>
      <div class="entry-what">
        <p class="entry-head">
          <b class="breaks">{token.name}</b>
          <span class="tag">{token.role}</span>
          {!mine && <span class="quiet breaks">of {token.user}</span>}
          <Status tone={mark.tone}>{mark.word}</Status>
        </p>
        <p class="quiet">
          <span title={token.used ?? undefined}>
            {token.used === null ? 'Not used yet' : `Used ${agoText(token.used, at)}`}
          </span>
          , made {date(token.created)}
        </p>
      </div>
      <button type="button" class="button small" onClick={onRevoke}>
        Revoke<span class="unseen">: {token.name}</span>
      </button>
    </li>
  );
}

export function TokensPage({ session, state }: PageProps): JSX.Element {
  const asked = useAsked(tokens.list, EVERY_MS);
  const [made, setMade] = useState<NewToken | null>(null);
  const [asking, setAsking] = useState<Token | null>(null);
  const deed = useDeed();
  const list = asked.value ?? [];
  const revoke = async ({ id, name }: Token) => {
    await deed.run(async () => {
      await tokens.revoke(id);
      if (made?.id === id) setMade(null);
      return `${name} is no longer taken.`;
    });
    await asked.again();
  };
  return (
    <>
      <Headline
        tone="off"
        eyebrow="Tokens"
        title={
          list.length === 0
            ? 'For programs that ask the gateway.'
            : list.length === 1
              ? 'One program may ask the gateway.'
              : `${count(list.length)} programs may ask the gateway.`
        }
        detail={
          <>
            A token may do what its role says, and never more than whoever made it. What can be
            asked is in the{' '}
            <a class="in-text" href="/api/docs" target="_blank" rel="noreferrer">
              reference
            </a>
            .
          </>
        }
      />
      <Trouble asked={asked} />
      {made && <Secret made={made} />}
      <div class="columns">
        <div class="stack">
          <Card title={session.role === 'admin' ? 'Tokens of all users' : 'Your tokens'}>
            <Loading asked={asked} />
            <Outcome text={deed.text} error={deed.error} />
            {asked.value && list.length === 0 && <p class="quiet">None yet.</p>}
            <ul class="entries">
              {list.map((token) => (
                <Row
                  key={token.id}
                  token={token}
                  at={state.at}
                  mine={token.user === session.user}
                  onRevoke={() => setAsking(token)}
                />
              ))}
            </ul>
          </Card>
        </div>
        <div class="stack">
          <AddToken
            session={session}
            onMade={(now) => {
              setMade(now);
              void asked.again();
            }}
          />
        </div>
      </div>
      {asking && (
        <Confirm
          title={`Revoke ${asking.name}?`}
          confirm="Revoke"
          danger
          onConfirm={() => void revoke(asking)}
          onClose={() => setAsking(null)}
        >
          <p>What uses it is refused from now on. There is no way back.</p>
        </Confirm>
      )}
    </>
  );
}
