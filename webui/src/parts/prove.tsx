// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { shell } from '../text';
import { Confirm } from './confirm';
import { PasswordField } from './password-field';

const text = shell.prove;

/** Asks for the password where a request needs it. */
export function Prove({ done }: { done: (shown: boolean) => void }): JSX.Element {
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
      title={text.yourPasswordPlease}
      confirm={text.goOn}
      ready={password !== ''}
      onConfirm={send}
      onClose={() => sent.current || done(false)}
    >
      <p>{text.whatYouAskedForNeedsIt}</p>
      <PasswordField
        id="prove"
        label={text.yourPassword}
        error={problem || undefined}
        value={password}
        autocomplete="current-password"
        onValue={setPassword}
      />
    </Confirm>
  );
}
