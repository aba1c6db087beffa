// SPDX-License-Identifier: Apache-2.0
import '../style/strength.css';
import type { JSX } from 'preact';
import { PASSWORD_MIN, passwordStrength } from '../derive/password';
import { shell } from '../text';

const text = shell.strength;

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
        {password ? text.strength(word) : text.strengthShowsHere}
      </p>
      <ul class="rules">
        <li class={long ? 'met' : ''}>
          <span aria-hidden="true">{long ? '✓' : '·'}</span> {text.atLeastCharacters(PASSWORD_MIN)}
          <span class="unseen">{long ? text.met : text.notYetMet}</span>
        </li>
        <li>
          <span aria-hidden="true">·</span> {text.aFewWordsThatDoNot}
        </li>
      </ul>
    </div>
  );
}
