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
import { shell } from '../text';

const text = shell.login;

const RETRY_S = 30;

const GREETING = {
  new: text.logInToSeeHowIt,
  expired: text.yourSessionHasEndedLogIn,
  left: text.youAreLoggedOut,
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
    if (reason.status === 401) setError(text.thatIsNotThePasswordOf);
    else if (reason.status === 429) throttle(reason.retryAfter ?? RETRY_S);
    else setProblem(errorText(reason));
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    setProblem('');
    setError(password ? undefined : text.enterThePassword);
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
            <Notice tone="warn" title={text.tooManyWrongPasswords}>
              {text.youCanTryAgainIn(duration(wait))}
            </Notice>
          </div>
        )}
        {problem && (
          <div role="alert" data-form-problem tabIndex={-1}>
            <Notice tone="bad" title={problem} />
          </div>
        )}
        <Field
          id="login-user"
          label={text.user}
          input={{
            value: user,
            autocomplete: 'username',
            autocapitalize: 'none',
            spellcheck: false,
            onInput: (e) => setUser(e.currentTarget.value),
          }}
        />
        <PasswordField
          id="login-password"
          label={text.password}
          error={error}
          value={password}
          autocomplete="current-password"
          onValue={setPassword}
        />
        <button class="button primary wide" type="submit" disabled={sending || wait > 0}>
          {sending ? text.loggingIn : text.logIn}
        </button>
      </form>
      <details class="quiet">
        <summary>{text.fingerprintOfThisGateway}</summary>
        <Fingerprint value={claim.fingerprint} />
      </details>
    </Door>
  );
}
