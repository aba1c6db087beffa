// SPDX-License-Identifier: Apache-2.0
import '../style/strength.css';
import type { JSX } from 'preact';
import { PASSWORD_MIN, passwordStrength } from '../derive/password';

/** How hard a new password is to guess. related: what it should not be made of. */
export function Strength({
  password,
  related,
}: {
  password: string;
  related: string[];
}): JSX.Element {
  const { level, word } = passwordStrength(password, related);
  const long = [...password].length >= PASSWORD_MIN;
  return (
    <div class="strength">
      <div class={`steps level-${password ? level : 'none'}`} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </div>
      <p class="hint" aria-live="polite">
        {password ? `Strength: ${word}` : 'Strength shows here'}
      </p>
      <ul class="rules">
        <li class={long ? 'met' : ''}>
          <span aria-hidden="true">{long ? '✓' : '·'}</span> at least {PASSWORD_MIN} characters
          <span class="unseen">{long ? ', met' : ', not yet met'}</span>
        </li>
        <li>
          <span aria-hidden="true">·</span> a few words that do not belong together are strong and
          easy to keep in mind
        </li>
      </ul>
    </div>
  );
}
