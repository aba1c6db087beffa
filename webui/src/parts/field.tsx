// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX, PartialInputHTMLAttributes } from 'preact';
import { shell } from '../text';

const text = shell.field;

interface FieldProps {
  id: string;
  label: string;
  hint?: string;
  error?: string | undefined;
  type?: 'text' | 'password';
  input: Omit<PartialInputHTMLAttributes<HTMLInputElement>, 'type' | 'role'>;
  beside?: ComponentChildren;
  children?: ComponentChildren;
}

/** One question: label, hint, error and input belong together for everybody. */
export function Field(props: FieldProps): JSX.Element {
  const { id, label, hint, error, type = 'text', input, beside, children } = props;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  const own = {
    id,
    name: id,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': described || undefined,
  };
  return (
    <div class={`field ${error ? 'has-error' : ''}`}>
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error-text" id={`${id}-error`}>
          <span class="unseen">{text.error} </span>
          {error}.
        </p>
      )}
      <div class="field-row">
        {type === 'password' ? (
          <input {...input} {...own} type="password" />
        ) : (
          <input {...input} {...own} type="text" />
        )}
        {beside}
      </div>
      {children}
    </div>
  );
}
