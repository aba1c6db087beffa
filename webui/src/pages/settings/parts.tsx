// SPDX-License-Identifier: Apache-2.0
// What several pages of the settings are made of.
import type { JSX } from 'preact';
import { errorText } from '../../api/client';
import type { Role } from '../../api/types';
import { ROLE_TEXT } from '../../derive/access';
import { Notice } from '../../parts/basics';

/** Why a form was not taken, where it belongs to none of its fields. */
export function Refused({ error }: { error: unknown }): JSX.Element | null {
  if (error === null) return null;
  return (
    <div role="alert" data-testid="refused">
      <Notice tone="bad" title={errorText(error)} />
    </div>
  );
}

export function RoleChoice({
  id,
  roles,
  value,
  onChoose,
}: {
  id: string;
  roles: readonly Role[];
  value: Role;
  onChoose: (role: Role) => void;
}): JSX.Element {
  return (
    <fieldset class="policies">
      <legend>Role</legend>
      {roles.map((role) => (
        <label key={role}>
          <input
            type="radio"
            name={id}
            value={role}
            checked={value === role}
            onChange={() => onChoose(role)}
          />
          <span>
            <b>{role}</b>
            <span class="hint">{ROLE_TEXT[role]}</span>
          </span>
        </label>
      ))}
    </fieldset>
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
