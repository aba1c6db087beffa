// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { users } from '../../api/access';
import type { Role, User } from '../../api/types';
import { credentialsText, ROLES, userMark, wrongUserName } from '../../derive/access';
import { PASSWORD_MIN } from '../../derive/password';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { count, date } from '../../format/format';
import { Headline, Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import { focusFirstError } from '../../parts/door-form';
import { Field } from '../../parts/field';
import { plain, Refused } from '../../parts/form';
import { PasswordField } from '../../parts/password-field';
import { Strength } from '../../parts/strength';
import { useAsked } from '../../state/asked';
import { useDeed } from '../../state/deed';
import { settings } from '../../text';
import type { PageProps } from '../props';
import { RoleChoice } from './parts';

const words = settings.users;

const EVERY_MS = 15_000;

type Names = 'name' | 'password' | 'role';

function wrong(name: string, password: string): Refusal<Names>['fields'] {
  const fields: Refusal<Names>['fields'] = {};
  const why = wrongUserName(name);
  if (why) fields.name = why;
  if ([...password].length < PASSWORD_MIN)
    fields.password = words.thePasswordNeedsAtLeast(PASSWORD_MIN);
  return fields;
}

function AddUser({ onAdded }: { onAdded: () => void }): JSX.Element {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [refusal, setRefusal] = useState<Refusal<Names>>(NOT_REFUSED);
  const { busy, text, run } = useDeed();
  const add = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = wrong(name, password);
    setRefusal({ fields, rest: null });
    if (Object.keys(fields).length === 0)
      await run(async () => {
        await users.add({ name, password, role }).catch((error) => {
          setRefusal(refusalOf(error, ['name', 'password', 'role']));
          throw error;
        });
        setName('');
        setPassword('');
        onAdded();
        return words.canLogInNow(name);
      });
    focusFirstError(form);
  };
  return (
    <Card title={words.addAUser}>
      <form onSubmit={add} noValidate aria-label={words.addAUser}>
        <Refused error={refusal.rest} />
        <Outcome text={text} error={null} />
        <Field
          id="user-name"
          label={words.name}
          error={refusal.fields.name}
          input={plain(name, setName)}
        />
        <PasswordField
          id="user-password"
          label={words.firstPassword}
          hint={words.handItOverItCanBe}
          error={refusal.fields.password}
          value={password}
          autocomplete="new-password"
          onValue={setPassword}
        >
          {password && <Strength password={password} related={[name, 'holdfast']} />}
        </PasswordField>
        <RoleChoice id="user-role" roles={ROLES} value={role} onChoose={setRole} />
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? words.adding : words.addTheUser}
        </button>
      </form>
    </Card>
  );
}

function Row({ user, own }: { user: User; own: boolean }): JSX.Element {
  const mark = userMark(user);
  return (
    <li class="whole" data-testid="user" data-user={user.name}>
      <div class="entry-what">
        <p class="entry-head">
          <a class="breaks" href={`/settings/users/${encodeURIComponent(user.name)}`}>
            {user.name}
          </a>
          <span class="tag">{user.role}</span>
          {own && <span class="quiet">{words.you}</span>}
        </p>
        <p class="quiet">{words.added(credentialsText(user), date(user.created))}</p>
      </div>
      <Status tone={mark.tone}>{mark.word}</Status>
    </li>
  );
}

export function UsersPage({ session }: PageProps): JSX.Element {
  const asked = useAsked(users.list, EVERY_MS);
  const list = asked.value ?? [];
  const enabled = list.filter(({ disabled }) => !disabled);
  const here = enabled.filter((user) => user.sessions > 0).length;
  return (
    <>
      <Headline
        tone="off"
        eyebrow={words.users}
        title={
          asked.value === null
            ? words.whoMayLogIn
            : enabled.length === 1
              ? words.onePersonMayLogIn
              : words.peopleMayLogIn(count(enabled.length))
        }
        detail={
          enabled.length > 1
            ? words.ofThemLoggedInNow(count(here), here === 1 ? words.is : words.are)
            : words.giveEverybodyANameOfTheir
        }
      />
      <Trouble asked={asked} />
      <div class="columns">
        <div class="stack">
          <Card title={words.users}>
            <Loading asked={asked} />
            <ul class="entries">
              {list.map((user) => (
                <Row key={user.name} user={user} own={user.name === session.user} />
              ))}
            </ul>
          </Card>
        </div>
        <div class="stack">
          <AddUser onAdded={() => void asked.again()} />
        </div>
      </div>
    </>
  );
}
