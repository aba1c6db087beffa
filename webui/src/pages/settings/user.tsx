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
import type { PageProps } from '../props';
import { RoleChoice } from './parts';
import { SessionList } from './sessions';

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
      return 'It counts from now on.';
    });
    if (own) await findOut();
    onChange();
  };
  return (
    <Card title="What they may do">
      <form onSubmit={save} aria-label="What they may do">
        <Outcome text={deed.text} error={deed.error} />
        <RoleChoice id="role" roles={ROLES} value={role} onChoose={setRole} />
        <button type="submit" class="button primary" disabled={deed.busy || role === user.role}>
          {deed.busy ? 'Saving…' : 'Save the role'}
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
    setWrong(short ? `The password needs at least ${PASSWORD_MIN} characters` : undefined);
    if (short) return;
    await deed.run(async () => {
      await users.change(user.name, { password }).catch((error) => {
        setWrong(refusalOf(error, ['password']).fields.password);
        throw error;
      });
      setPassword('');
      onChange();
      return 'It is set.';
    });
  };
  return (
    <Card title="Password">
      <form onSubmit={set} noValidate aria-label="Password">
        <Outcome text={deed.text} error={wrong ? null : deed.error} />
        <PasswordField
          id="user-password"
          label="New password"
          hint="For somebody who has forgotten it. All their sessions end."
          error={wrong}
          value={password}
          autocomplete="new-password"
          onValue={setPassword}
        >
          {password && <Strength password={password} related={[user.name, 'holdfast']} />}
        </PasswordField>
        <button type="submit" class="button" disabled={deed.busy || !password}>
          {deed.busy ? 'Setting…' : 'Set the password'}
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
      return these.length === 1 ? 'The session has ended.' : 'All of them have ended.';
    });
    await asked.again();
    onChange();
  };
  const ending = theirs.filter(({ current }) => !current);
  return (
    <Card
      title="Sessions"
      aside={
        ending.length > 1 && (
          <button
            type="button"
            class="button small"
            disabled={deed.busy}
            onClick={() => void end(ending)}
          >
            End them all
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
    title: 'Disable',
    text: 'All sessions end at once, and no token is taken, until the user is enabled again.',
    button: 'Disable',
  },
  remove: {
    title: 'Remove',
    text: 'Sessions and tokens end at once. There is no way back; the audit log keeps the name.',
    button: 'Remove',
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
    void (what === 'remove' ? remove() : change({ disabled: true }, 'Disabled.'));
  return (
    <Card title="Lock out">
      <Outcome text={deed.text} error={deed.error} />
      <p class="quiet">
        {user.disabled
          ? 'Whoever is disabled cannot log in, and none of their tokens is taken.'
          : own
            ? 'This is you. Somebody else can lock you out; the last admin stays.'
            : 'Disabled, the account stays and can be enabled again. Removed, it is gone.'}
      </p>
      {!own && (
        <div class="inputs">
          {user.disabled ? (
            <button
              type="button"
              class="button"
              disabled={deed.busy}
              onClick={() => void change({ disabled: false }, 'Enabled.')}
            >
              Enable
            </button>
          ) : (
            <button
              type="button"
              class="button"
              disabled={deed.busy}
              onClick={() => setAsking('disable')}
            >
              Disable…
            </button>
          )}
          <button
            type="button"
            class="button bad"
            disabled={deed.busy}
            onClick={() => setAsking('remove')}
          >
            Remove…
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
          <a href="/settings/users">Users</a>
        </p>
        <Title>{gone ? 'There is no such user.' : name}</Title>
        {user && mark && (
          <p class="sub">
            <Status tone={mark.tone}>{mark.word}</Status> {credentialsText(user)}; added{' '}
            {date(user.created)}
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
