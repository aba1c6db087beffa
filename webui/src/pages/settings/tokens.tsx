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
import { settings } from '../../text';
import type { PageProps } from '../props';
import { RoleChoice } from './parts';

const words = settings.tokens;

const EVERY_MS = 15_000;
const DAYS = '365';

type Names = 'name' | 'role' | 'days';

/** What can be known only now. */
function Secret({ made }: { made: NewToken }): JSX.Element {
  return (
    <div class="secret" role="status" data-testid="secret">
      <Notice tone="ok" title={words.theTokenShownThisOnce(made.name)}>
        <p>
          <Copyable value={made.token} label={words.token} />
        </p>
        <p>{words.tryItFromAnotherComputer}</p>
        <p>
          <Copyable value={tokenLine(location.origin, made.token)} label={words.command} />
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
    <Card title={words.makeAToken}>
      <form onSubmit={add} noValidate aria-label={words.makeAToken}>
        <Refused error={refusal.rest} />
        <Field
          id="token-name"
          label={words.name}
          hint={words.whatUsesItSuchAsMonitoring}
          error={refusal.fields.name}
          input={plain(name, setName)}
        />
        <Field
          id="token-days"
          label={words.goodFor}
          hint={words.atMostDays(count(TOKEN_DAYS_MAX))}
          error={refusal.fields.days}
          input={{ ...plain(days, setDays), inputMode: 'numeric' }}
          beside={<span class="unit">{words.days}</span>}
        />
        <RoleChoice
          id="token-role"
          roles={rolesUpTo(session.role)}
          value={role}
          onChoose={setRole}
        />
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? words.making : words.makeTheToken}
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
          {!mine && <span class="quiet breaks">{words.of(token.user)}</span>}
          <Status tone={mark.tone}>{mark.word}</Status>
        </p>
        <p class="quiet">
          <span title={token.used ?? undefined}>
            {token.used === null ? words.notUsedYet : words.used(agoText(token.used, at))}
          </span>
          {words.made(date(token.created))}
        </p>
      </div>
      <button type="button" class="button small" onClick={onRevoke}>
        {words.revoke}
        <span class="unseen">: {token.name}</span>
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
      return words.isNoLongerTaken(name);
    });
    await asked.again();
  };
  return (
    <>
      <Headline
        tone="off"
        eyebrow={words.tokens}
        title={
          list.length === 0
            ? words.forProgramsThatAskTheGateway
            : list.length === 1
              ? words.oneProgramMayAskTheGateway
              : words.programsMayAskTheGateway(count(list.length))
        }
        detail={
          <>
            {words.aTokenMayDoWhatIts}{' '}
            <a class="in-text" href="/api/docs" target="_blank" rel="noreferrer">
              {words.reference}
            </a>
            .
          </>
        }
      />
      <Trouble asked={asked} />
      {made && <Secret made={made} />}
      <div class="columns">
        <div class="stack">
          <Card title={session.role === 'admin' ? words.tokensOfAllUsers : words.yourTokens}>
            <Loading asked={asked} />
            <Outcome text={deed.text} error={deed.error} />
            {asked.value && list.length === 0 && <p class="quiet">{words.noneYet}</p>}
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
          title={words.revoke2(asking.name)}
          confirm={words.revoke}
          danger
          onConfirm={() => void revoke(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{words.whatUsesItIsRefusedFrom}</p>
        </Confirm>
      )}
    </>
  );
}
