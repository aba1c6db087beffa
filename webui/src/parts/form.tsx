// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { errorText } from '../api/client';
import { Notice } from './basics';

/** Why a form was not taken, where it belongs to none of its fields. */
export function Refused({ error }: { error: unknown }): JSX.Element | null {
  if (error === null) return null;
  return (
    <div role="alert" data-testid="refused">
      <Notice tone="bad" title={errorText(error)} />
    </div>
  );
}

/** For names, which no keyboard is to correct. */
export function plain(value: string, onValue: (value: string) => void, mono = false) {
  return {
    value,
    class: mono ? 'mono' : '',
    autocapitalize: 'none' as const,
    autocomplete: 'off' as const,
    spellcheck: false,
    onInput: (e: { currentTarget: HTMLInputElement }) => onValue(e.currentTarget.value),
  };
}
