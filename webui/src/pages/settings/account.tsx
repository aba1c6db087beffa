// SPDX-License-Identifier: Apache-2.0
// One's own account: the password, and where one is logged in.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { sessions, users } from '../../api/access';
import type { SessionInfo } from '../../api/types';
import { ROLE_TEXT } from '../../derive/access';
import { PASSWORD_MIN } from '../../derive/password';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { timeNear } from '../../format/format';
import { Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Status, Title } from '../../parts/basics';
import { Refused } from '../../parts/form';
import { PasswordField } from '../../parts/password-field';
import { Strength } from '../../parts/strength';
import { useAsked } from '../../state/asked';
import { useDeed } from '../../state/deed';
import { leave } from '../../state/session';
import { settings } from '../../text';
import type { PageProps } from '../props';
import { SessionList } from './sessions';

const words = settings.account;

const EVERY_MS = 15_000;

function Password({ user, onSet }: { user: string; onSet: () => void }): JSX.Element {
  const [current, setCurrent] = useState('');
  const [fresh, setFresh] = useState('');
  const [refusal, setRefusal] = useState<Refusal<'current' | 'new'>>(NOT_REFUSED);
  const { busy, text, run } = useDeed();
  const set = async (event: Event) => {
    event.preventDefault();
    if ([...fresh].length < PASSWORD_MIN) {
      const why = words.thePasswordNeedsAtLeast(PASSWORD_MIN);
      setRefusal({ fields: { new: why }, rest: null });
      return;
    }
    setRefusal(NOT_REFUSED);
    await run(async () => {
      await users.setOwnPassword(current, fresh).catch((error) => {
        setRefusal(refusalOf(error, ['current', 'new']));
        throw error;
      });
      setCurrent('');
      setFresh('');
      onSet();
      return words.itIsSetYourOtherSessions;
    });
  };
  return (
    <Card title={words.password}>
      <form onSubmit={set} noValidate aria-label={words.password}>
        <Refused error={refusal.rest} />
        <Outcome text={text} error={null} />
        <input
          class="unseen"
          type="text"
          value={user}
          autocomplete="username"
          tabIndex={-1}
          aria-hidden="true"
          readOnly
        />
        <PasswordField
          id="current"
          label={words.presentPassword}
          error={refusal.fields.current}
          value={current}
          autocomplete="current-password"
          onValue={setCurrent}
        />
        <PasswordField
          id="new"
          label={words.newPassword}
          error={refusal.fields.new}
          value={fresh}
          autocomplete="new-password"
          onValue={setFresh}
        >
          {fresh && <Strength password={fresh} related={[user, 'holdfast']} />}
        </PasswordField>
        <button type="submit" class="button primary" disabled={busy || !current || !fresh}>
          {busy ? words.setting : words.setThePassword}
        </button>
      </form>
    </Card>
  );
}

export function AccountPage({ session, state }: PageProps): JSX.Element {
  const asked = useAsked(sessions.list, EVERY_MS);
  const deed = useDeed();
  const own = asked.value?.filter(({ user }) => user === session.user) ?? [];
  const others = own.filter(({ current }) => !current);
  const run = (work: () => Promise<string>) => deed.run(work).then(() => asked.again());
  const end = ({ id, address }: SessionInfo) =>
    run(async () => {
      await sessions.end(id);
      return words.theSessionFromHasEnded(address ?? words.anAddressNotKnown);
    });
  const endAll = () =>
    run(async () => {
      await sessions.endOthers();
      return words.allYourOtherSessionsHaveEnded;
    });
  return (
    <>
      <header class="headline with-actions" data-testid="answer">
        <div>
          <p class="status-line">
            <Status tone="ok">{session.role}</Status>
          </p>
          <Title>{words.youAre(session.user)}</Title>
          <p class="sub">
            {words.loggedInUntilAndLongerWhile(
              ROLE_TEXT[session.role],
              timeNear(session.expires, state.at),
            )}
          </p>
        </div>
        <div class="actions">
          <button
            type="button"
            class="button"
            onClick={() => void deed.run(() => leave().then(() => ''))}
          >
            {words.logOut}
          </button>
        </div>
      </header>
      <div class="halves">
        <Card
          title={words.yourSessions}
          aside={
            others.length > 1 && (
              <button
                type="button"
                class="button small"
                disabled={deed.busy}
                onClick={() => void endAll()}
              >
                {words.endAllOthers}
              </button>
            )
          }
        >
          <Trouble asked={asked} />
          <Loading asked={asked} />
          <Outcome text={deed.text} error={deed.error} />
          {asked.value && (
            <SessionList
              sessions={own}
              at={state.at}
              busy={deed.busy}
              onEnd={(one) => void end(one)}
            />
          )}
        </Card>
        <Password user={session.user} onSet={() => void asked.again()} />
      </div>
    </>
  );
}
