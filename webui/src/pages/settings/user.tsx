// SPDX-License-Identifier: Apache-2.0
// One user: what the role allows, the password, where they are logged in, and the end.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { sessions, users } from '../../api/access';
import { isApiError } from '../../api/client';
import type { Role, SessionInfo, User, UserPatch } from '../../api/types';
import { credentialsText, ROLES, userMark } from '../../derive/access';
import { PASSWORD_MIN } from '../../derive/password';
import { refusalOf } from '../../derive/problem';
import { date } from '../../format/format';
import { Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Status, Title } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { PasswordField } from '../../parts/password-field';
import { Strength } from '../../parts/strength';
import { useAsked } from '../../state/asked';
import { useDeed } from '../../state/deed';
import { findOut } from '../../state/session';
import { settings } from '../../text';
import type { PageProps } from '../props';
import { RoleChoice } from './parts';
import { SessionList } from './sessions';

const words = settings.user;

const EVERY_MS = 10_000;

interface PartProps {
  user: User;
  own: boolean;
  onChange: () => void;
}

function RoleCard({ user, own, onChange }: PartProps): JSX.Element {
  const [role, setRole] = useState<Role>(user.role);
  const deed = useDeed();
  const save = async (event: Event) => {
    event.preventDefault();
    await deed.run(async () => {
      await users.change(user.name, { role });
      return words.itCountsFromNowOn;
    });
    if (own) await findOut();
    onChange();
  };
  return (
    <Card title={words.whatTheyMayDo}>
      <form onSubmit={save} aria-label={words.whatTheyMayDo}>
        <Outcome text={deed.text} error={deed.error} />
        <RoleChoice id="role" roles={ROLES} value={role} onChoose={setRole} />
        <button type="submit" class="button primary" disabled={deed.busy || role === user.role}>
          {deed.busy ? words.saving : words.saveTheRole}
        </button>
      </form>
    </Card>
  );
}

function PasswordCard({ user, onChange }: PartProps): JSX.Element {
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<string>();
  const deed = useDeed();
  const set = async (event: Event) => {
    event.preventDefault();
    const short = [...password].length < PASSWORD_MIN;
    setWrong(short ? words.thePasswordNeedsAtLeast(PASSWORD_MIN) : undefined);
    if (short) return;
    await deed.run(async () => {
      await users.change(user.name, { password }).catch((error) => {
        setWrong(refusalOf(error, ['password']).fields.password);
        throw error;
      });
      setPassword('');
      onChange();
      return words.itIsSet;
    });
  };
  return (
    <Card title={words.password}>
      <form onSubmit={set} noValidate aria-label={words.password}>
        <Outcome text={deed.text} error={wrong ? null : deed.error} />
        <PasswordField
          id="user-password"
          label={words.newPassword}
          hint={words.forSomebodyWhoHasForgottenIt}
          error={wrong}
          value={password}
          autocomplete="new-password"
          onValue={setPassword}
        >
          {password && <Strength password={password} related={[user.name, 'holdfast']} />}
        </PasswordField>
        <button type="submit" class="button" disabled={deed.busy || !password}>
          {deed.busy ? words.setting : words.setThePassword}
        </button>
      </form>
    </Card>
  );
}

function SessionsCard({ user, at, onChange }: PartProps & { at: string }): JSX.Element {
  const asked = useAsked(sessions.list, EVERY_MS);
  const deed = useDeed();
  const theirs = asked.value?.filter((one) => one.user === user.name) ?? [];
  const end = async (these: SessionInfo[]) => {
    await deed.run(async () => {
      for (const { id } of these) await sessions.end(id);
      return these.length === 1 ? words.theSessionHasEnded : words.allOfThemHaveEnded;
    });
    await asked.again();
    onChange();
  };
  const ending = theirs.filter(({ current }) => !current);
  return (
    <Card
      title={words.sessions}
      aside={
        ending.length > 1 && (
          <button
            type="button"
            class="button small"
            disabled={deed.busy}
            onClick={() => void end(ending)}
          >
            {words.endThemAll}
          </button>
        )
      }
    >
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome text={deed.text} error={deed.error} />
      {asked.value && (
        <SessionList sessions={theirs} at={at} busy={deed.busy} onEnd={(one) => void end([one])} />
      )}
    </Card>
  );
}

const DEEDS = {
  disable: {
    title: words.disable,
    text: words.allSessionsEndAtOnceAnd,
    button: words.disable,
  },
  remove: {
    title: words.remove,
    text: words.sessionsAndTokensEndAtOnce,
    button: words.remove,
  },
};

function EndCard({ user, own, onChange }: PartProps): JSX.Element {
  const [asking, setAsking] = useState<keyof typeof DEEDS | null>(null);
  const { route } = useLocation();
  const deed = useDeed();
  const change = (patch: UserPatch, text: string) =>
    deed
      .run(async () => {
        await users.change(user.name, patch);
        return text;
      })
      .then(onChange);
  const remove = async () => {
    const gone = await deed.run(async () => {
      await users.remove(user.name);
      return '';
    });
    if (gone) route('/settings/users', true);
  };
  const act = (what: keyof typeof DEEDS) =>
    void (what === 'remove' ? remove() : change({ disabled: true }, words.disabled));
  return (
    <Card title={words.lockOut}>
      <Outcome text={deed.text} error={deed.error} />
      <p class="quiet">
        {user.disabled
          ? words.whoeverIsDisabledCannotLogIn
          : own
            ? words.thisIsYouSomebodyElseCan
            : words.disabledTheAccountStaysAndCan}
      </p>
      {!own && (
        <div class="inputs">
          {user.disabled ? (
            <button
              type="button"
              class="button"
              disabled={deed.busy}
              onClick={() => void change({ disabled: false }, words.enabled)}
            >
              {words.enable}
            </button>
          ) : (
            <button
              type="button"
              class="button"
              disabled={deed.busy}
              onClick={() => setAsking('disable')}
            >
              {words.disable2}
            </button>
          )}
          <button
            type="button"
            class="button bad"
            disabled={deed.busy}
            onClick={() => setAsking('remove')}
          >
            {words.remove2}
          </button>
        </div>
      )}
      {asking && (
        <Confirm
          title={`${DEEDS[asking].title} ${user.name}?`}
          confirm={DEEDS[asking].button}
          danger
          onConfirm={() => act(asking)}
          onClose={() => setAsking(null)}
        >
          <p>{DEEDS[asking].text}</p>
        </Confirm>
      )}
    </Card>
  );
}

export function UserPage({ name, session, state }: PageProps & { name: string }): JSX.Element {
  const asked = useAsked(() => users.one(name), EVERY_MS);
  const user = asked.value;
  const own = name === session.user;
  const gone = isApiError(asked.error, 404);
  const mark = user && userMark(user);
  const onChange = () => void asked.again();
  return (
    <>
      <header class="headline" data-testid="answer">
        <p class="crumbs">
          <a href="/settings/users">{words.users}</a>
        </p>
        <Title>{gone ? words.thereIsNoSuchUser : name}</Title>
        {user && mark && (
          <p class="sub">
            <Status tone={mark.tone}>{mark.word}</Status>{' '}
            {words.added(credentialsText(user), date(user.created))}
          </p>
        )}
      </header>
      {!gone && <Trouble asked={asked} />}
      <Loading asked={asked} />
      {user && !gone && (
        <div class="halves">
          <div class="stack">
            <SessionsCard user={user} own={own} at={state.at} onChange={onChange} />
            <EndCard user={user} own={own} onChange={onChange} />
          </div>
          <div class="stack">
            <RoleCard user={user} own={own} onChange={onChange} key={user.role} />
            {own ? null : <PasswordCard user={user} own={own} onChange={onChange} />}
          </div>
        </div>
      )}
    </>
  );
}
