// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { ApiError, api, errorText } from '../api/client';
import type { ClaimState } from '../api/types';
import { type ClaimField, claimErrors, formatSetupCode } from '../derive/claim';
import { duration } from '../format/format';
import { Notice } from '../parts/basics';
import { Door } from '../parts/door';
import { focusFirstError, useThrottle } from '../parts/door-form';
import { Field } from '../parts/field';
import { Fingerprint } from '../parts/fingerprint';
import { PasswordField } from '../parts/password-field';
import { Strength } from '../parts/strength';
import { findOut, welcome } from '../state/session';
import { claimText as text } from '../text';

type Errors = Partial<Record<ClaimField, string>>;

const FIELDS: ClaimField[] = ['setup_code', 'name', 'password'];
const RETRY_S = 30;

function fieldErrors(error: ApiError): Errors {
  const errors: Errors = {};
  for (const { pointer, detail } of error.errors) {
    const field = FIELDS.find((f) => pointer === `/${f}`);
    if (field) errors[field] = errorText(detail).replace(/\.$/, '');
  }
  if (error.status === 403) errors.setup_code = text.wrongCode;
  return errors;
}

export function Claim({ claim }: { claim: ClaimState }): JSX.Element {
  const [code, setCode] = useState('');
  const [name, setName] = useState(claim.name);
  const [password, setPassword] = useState('');
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState('');
  const [sending, setSending] = useState(false);
  const [wait, throttle] = useThrottle();
  const form = useRef<HTMLFormElement>(null);
  const { route } = useLocation();

  const refused = (error: unknown) => {
    if (!(error instanceof ApiError)) return setProblem(errorText(error));
    if (error.status === 409) return void findOut();
    if (error.status === 429) throttle(error.retryAfter ?? RETRY_S);
    const byField = error.status === 429 ? {} : fieldErrors(error);
    setErrors(byField);
    if (Object.keys(byField).length === 0 && error.status !== 429) setProblem(errorText(error));
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const wrong = claimErrors(code, name, password);
    setErrors(wrong);
    setProblem('');
    if (Object.keys(wrong).length === 0) {
      setSending(true);
      await api.claim({ setup_code: code, password, name }).then((session) => {
        route('/setup');
        welcome(session);
      }, refused);
      setSending(false);
    }
    if (form.current) focusFirstError(form.current);
  };

  return (
    <Door>
      <h1>{text.title}</h1>
      <p class="sub">{text.lead}</p>
      <form class="card form" ref={form} onSubmit={submit} noValidate>
        {wait > 0 && (
          <div role="alert" data-form-problem tabIndex={-1}>
            <Notice tone="warn" title={text.throttled}>
              {text.again(duration(wait))}
            </Notice>
          </div>
        )}
        {problem && (
          <div role="alert" data-form-problem tabIndex={-1}>
            <Notice tone="bad" title={problem} />
          </div>
        )}
        <Field
          id="setup_code"
          label={text.code}
          hint={text.codeHint}
          error={errors.setup_code}
          input={{
            class: 'mono',
            value: code,
            placeholder: 'XXXX-XXXX-XXXX',
            autocomplete: 'off',
            autocapitalize: 'characters',
            spellcheck: false,
            onInput: (e) => {
              const input = e.currentTarget;
              const atEnd = input.selectionStart === input.value.length;
              const formatted = formatSetupCode(input.value);
              setCode(formatted);
              if (atEnd) input.value = formatted;
            },
          }}
        />
        <Field
          id="name"
          label={text.name}
          hint={text.nameHint}
          error={errors.name}
          input={{
            value: name,
            autocomplete: 'off',
            autocapitalize: 'none',
            spellcheck: false,
            onInput: (e) => setName(e.currentTarget.value.trim()),
          }}
        />
        <input
          class="unseen"
          type="text"
          value="admin"
          autocomplete="username"
          tabIndex={-1}
          aria-hidden="true"
          readOnly
        />
        <PasswordField
          label={text.password}
          error={errors.password}
          value={password}
          autocomplete="new-password"
          onValue={setPassword}
        >
          <Strength password={password} related={[name, 'holdfast']} />
        </PasswordField>
        <button class="button primary wide" type="submit" disabled={sending || wait > 0}>
          {sending ? text.claiming : text.claim}
        </button>
      </form>
      <section class="card" aria-label={text.fingerprint}>
        <h2>{text.really}</h2>
        <p class="quiet">{text.compare}</p>
        <Fingerprint value={claim.fingerprint} />
      </section>
    </Door>
  );
}
