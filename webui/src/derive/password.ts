// SPDX-License-Identifier: Apache-2.0
// How hard a password is to guess, roughly: enough to steer people, never to refuse one. The only
// rule that the gateway enforces is the length.
import { shell } from '../text';

export const PASSWORD_MIN = 10;

export interface Strength {
  /** 0 to 4 */
  level: 0 | 1 | 2 | 3 | 4;
  word: string;
}

const COMMON = [
  'password',
  'passwort',
  'holdfast',
  'gateway',
  'qwerty',
  'qwertz',
  'admin',
  'letmein',
  'welcome',
  'changeme',
  'raspberry',
  'secret',
];
const WORDS = shell.strength.words;
/** Bits of a guess space, from which on the next level begins. */
const STEPS = [40, 55, 70] as const;

function alphabet(text: string): number {
  let size = 0;
  if (/[a-z]/.test(text)) size += 26;
  if (/[A-Z]/.test(text)) size += 26;
  if (/\d/.test(text)) size += 10;
  if (/[^A-Za-z0-9]/.test(text)) size += 20;
  return Math.max(size, 1);
}

/** Characters that say something new: runs (aaaa), steps (1234) and well-known words count as one. */
function surprising(text: string): number {
  let rest = text.toLowerCase();
  let n = 0;
  for (const word of COMMON) {
    if (!rest.includes(word)) continue;
    rest = rest.replaceAll(word, '');
    n += 1;
  }
  for (let i = 0; i < rest.length; i++) {
    const step = rest.charCodeAt(i) - rest.charCodeAt(i - 1);
    const before = rest.charCodeAt(i - 1) - rest.charCodeAt(i - 2);
    const follows = i >= 2 && step === before && Math.abs(step) <= 1;
    if (!follows) n += 1;
  }
  return Math.min(n, new Set(rest).size * 2);
}

export function passwordStrength(password: string, related: string[] = []): Strength {
  if ([...password].length < PASSWORD_MIN) return { level: 0, word: WORDS[0] };
  const clean = related
    .filter((r) => r.length >= 3)
    .reduce((text, r) => text.replaceAll(r.toLowerCase(), ''), password.toLowerCase());
  const told = password.length - clean.length;
  const bits = surprising(told ? clean : password) * Math.log2(alphabet(password));
  const level = (1 + STEPS.filter((s) => bits >= s).length) as Strength['level'];
  return { level, word: WORDS[level] };
}
