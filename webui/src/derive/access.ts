// SPDX-License-Identifier: Apache-2.0
// Users, sessions, tokens and certificates in words.
import type { Certificate, Role, Token, User } from '../api/types';
import { count, date, duration, secondsBetween } from '../format/format';
import type { Mark } from './tone';

export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

export const ROLE_TEXT: Record<Role, string> = {
  viewer: 'Reads everything but the settings.',
  operator: 'Also starts, stops and restarts, and acknowledges alarms.',
  admin: 'May do everything.',
};

/** Those that a token of such a user may have. */
export function rolesUpTo(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1);
}

export const NAME_MAX = 32;

/** Why it cannot be a user's name; undefined where it can. */
export function wrongUserName(name: string): string | undefined {
  if (name === '') return 'Enter a name';
  if (name.length > NAME_MAX) return `The name has at most ${NAME_MAX} characters`;
  return /^[a-z0-9][a-z0-9._-]*$/.test(name)
    ? undefined
    : "The name has small letters, digits, '.', '_' and '-', and begins with a letter or digit";
}

export const TOKEN_NAME_MAX = 30;
export const TOKEN_DAYS_MAX = 3650;

export function wrongTokenName(name: string): string | undefined {
  if (name === '') return 'Enter a name';
  if (name.length > TOKEN_NAME_MAX) return `The name has at most ${TOKEN_NAME_MAX} characters`;
  return /^[A-Za-z0-9._-]+$/.test(name)
    ? undefined
    : "The name has letters, digits, '.', '_' and '-'";
}

export function wrongDays(text: string): string | undefined {
  const days = Number(text);
  return /^\d+$/.test(text.trim()) && days >= 1 && days <= TOKEN_DAYS_MAX
    ? undefined
    : `Enter a number of days from 1 to ${count(TOKEN_DAYS_MAX)}`;
}

export function userMark({ disabled, sessions }: User): Mark {
  if (disabled) return { tone: 'off', word: 'disabled' };
  return sessions > 0 ? { tone: 'ok', word: 'logged in' } : { tone: 'off', word: 'not logged in' };
}

const many = (n: number, one: string) => `${count(n)} ${one}${n === 1 ? '' : 's'}`;

export function credentialsText({ sessions, tokens }: User): string {
  return `${many(sessions, 'session')}, ${many(tokens, 'token')}`;
}

export function agoText(time: string | null, now: string): string {
  const seconds = secondsBetween(time, now);
  if (seconds === null) return 'never';
  return seconds < 60 ? 'just now' : `${duration(seconds)} ago`;
}

const SOON_S = 14 * 86_400;

/** Of what ends at a time. soonS: from when on it is worth a warning. */
export function expiryMark(expires: string, now: string, soonS = SOON_S): Mark {
  const left = (Date.parse(expires) - Date.parse(now)) / 1000;
  if (left <= 0) return { tone: 'bad', word: `ended ${date(expires)}` };
  if (left < soonS) return { tone: 'warn', word: `ends in ${duration(left)}` };
  return { tone: 'ok', word: `until ${date(expires)}` };
}

/** One that was made for a week is not about to end on its first day. */
export function tokenMark({ created, expires }: Token, now: string): Mark {
  const tenth = (Date.parse(expires) - Date.parse(created)) / 10_000;
  return expiryMark(expires, now, Math.min(SOON_S, tenth));
}

/** A line for a shell that asks something with a token. */
export function tokenLine(origin: string, token: string): string {
  return `curl -k -H 'Authorization: Bearer ${token}' ${origin}/api/v1/gateway`;
}

/** The name in a distinguished name (RFC 4514), or all of it. */
export function commonName(distinguished: string): string {
  const [, name] = /(?:^|,)\s*CN=((?:\\.|[^,\\])+)/i.exec(distinguished) ?? [];
  return name === undefined ? distinguished : name.replace(/\\(.)/g, '$1');
}

export function certificateAnswer(certificate: Certificate, now: string): Mark & { title: string } {
  const mark = expiryMark(certificate.not_after, now);
  const whose = certificate.source === 'own' ? 'The gateway made' : 'The site gave';
  if (mark.tone === 'bad')
    return { ...mark, title: `${whose} this certificate, and it is no longer valid.` };
  const word = mark.tone === 'ok' ? `Valid until ${date(certificate.not_after)}` : mark.word;
  return { tone: mark.tone, word, title: `${whose} this certificate.` };
}
