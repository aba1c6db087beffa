// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Role } from '../../api/types';
import { ROLE_TEXT } from '../../derive/access';
import { settings } from '../../text';

const text = settings.parts;

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
      <legend>{text.role}</legend>
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
