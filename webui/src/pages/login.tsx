// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { ApiError, api, errorText } from '../api/client';
import type { ClaimState } from '../api/types';
import { duration } from '../format/format';
import { Notice } from '../parts/basics';
import { Door } from '../parts/door';
import { focusFirstError, useThrottle } from '../parts/door-form';
import { Field } from '../parts/field';
import { Fingerprint } from '../parts/fingerprint';
import { PasswordField } from '../parts/password-field';
import { welcome } from '../state/session';

const RETRY_S = 30;

const GREETING = {
  new: 'Log in to see how it is.',
  expired: 'Your session has ended. Log in to go on where you were.',
  left: 'You are logged out.',
};

interface LoginProps {
  claim: ClaimState;
  why: keyof typeof GREETING;
}

export function Login({ claim, why }: LoginProps): JSX.Element {
  const [user, setUser] = useState('admin');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string>();
  const [problem, setProblem] = useState('');
  const [sending, setSending] = useState(false);
  const [wait, throttle] = useThrottle();
  const form = useRef<HTMLFormElement>(null);

  const refused = (reason: unknown) => {
    if (!(reason instanceof ApiError)) return setProblem(errorText(reason));
    if (reason.status === 401) setError('That is not the password of this user');
    else if (reason.status === 429) throttle(reason.retryAfter ?? RETRY_S);
    else setProblem(errorText(reason));
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem('');
    setError(password ? undefined : 'Enter the password');
    if (password) {
      setSending(true);
      await api.login(user.trim(), password).then(welcome, refused);
      setSending(false);
    }
    if (form.current) focusFirstError(form.current);
  };

  return (
    <Door>
      <h1 class="breaks">{claim.name}</h1>
      <p class="sub">{GREETING[why]}</p>
      <form class="card form" ref={form} onSubmit={submit} noValidate>
        {wait > 0 && (
          <div role="alert" data-form-problem tabIndex={-1}>
            <Notice tone="warn" title="Too many wrong passwords">
              You can try again in {duration(wait)}.
            </Notice>
          </div>
        )}
        {problem && (
          <div role="alert" data-form-problem tabIndex={-1}>
            <Notice tone="bad" title={problem} />
          </div>
        )}
        <Field
          id="user"
          label="User"
          input={{
            value: user,
            autocomplete: 'username',
            autocapitalize: 'none',
            spellcheck: false,
            onInput: (e) => setUser(e.currentTarget.value),
          }}
        />
        <PasswordField
          label="Password"
          error={error}
          value={password}
          autocomplete="current-password"
          onValue={setPassword}
        />
        <button class="button primary wide" type="submit" disabled={sending || wait > 0}>
          {sending ? 'Logging in…' : 'Log in'}
        </button>
      </form>
      <details class="quiet">
        <summary>Fingerprint of this gateway</summary>
        <Fingerprint value={claim.fingerprint} />
      </details>
    </Door>
  );
}
