// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { shell } from '../text';
import { Field } from './field';

const text = shell.passwordField;

interface PasswordFieldProps {
  id?: string;
  label: string;
  hint?: string;
  error?: string | undefined;
  value: string;
  autocomplete: 'new-password' | 'current-password';
  onValue: (value: string) => void;
  children?: ComponentChildren;
}

export function PasswordField(props: PasswordFieldProps): JSX.Element {
  const [seen, setSeen] = useState(false);
  return (
    <Field
      id={props.id ?? 'password'}
      label={props.label}
      {...(props.hint ? { hint: props.hint } : {})}
      error={props.error}
      type={seen ? 'text' : 'password'}
      input={{
        value: props.value,
        autocomplete: props.autocomplete,
        autocapitalize: 'none',
        spellcheck: false,
        onInput: (e) => props.onValue(e.currentTarget.value),
      }}
      beside={
        <button
          type="button"
          class="button"
          aria-pressed={seen}
          aria-label={seen ? text.hidePassword : text.showPassword}
          onClick={() => setSeen(!seen)}
        >
          {seen ? text.hide : text.show}
        </button>
      }
    >
      {props.children}
    </Field>
  );
}
