// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { api, errorText, whenPasswordNeeded } from '../api/client';
import { Confirm } from './confirm';
import { PasswordField } from './password-field';

/** Who waits for the password; null for nobody. */
const waiting = signal<((shown: boolean) => void) | null>(null);

whenPasswordNeeded(() => {
  waiting.value?.(false);
  return new Promise((resolve) => {
    waiting.value = resolve;
  });
});

function Ask({ done }: { done: (shown: boolean) => void }): JSX.Element {
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState('');
  const [attempt, setAttempt] = useState(0);
  const sent = useRef(false);
  const refused = (error: unknown) => {
    sent.current = false;
    setProblem(errorText(error).replace(/[.]$/, ''));
    setAttempt(attempt + 1);
  };
  const send = () => {
    sent.current = true;
    void api.prove(password).then(() => done(true), refused);
  };
  return (
    <Confirm
      key={attempt}
      title="Your password, please"
      confirm="Go on"
      ready={password !== ''}
      onConfirm={send}
      onClose={() => sent.current || done(false)}
    >
      <p>What you asked for needs it once more. It then counts for ten minutes.</p>
      <PasswordField
        label="Your password"
        error={problem || undefined}
        value={password}
        autocomplete="current-password"
        onValue={setPassword}
      />
    </Confirm>
  );
}

/** Asks for the password where a request needs it, and lets the request go on. */
export function Prove(): JSX.Element | null {
  const done = waiting.value;
  if (!done) return null;
  const decide = (shown: boolean) => {
    waiting.value = null;
    done(shown);
  };
  return <Ask done={decide} />;
}
