// SPDX-License-Identifier: Apache-2.0
// Users, sessions, tokens and certificates in words.
import type { Certificate, Role, Token, User } from '../api/types';
import { count, date, duration, secondsBetween } from '../format/format';
import { settings } from '../text';
import type { Mark } from './tone';

const words = settings.accessWords;

export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

export const ROLE_TEXT: Record<Role, string> = {
  viewer: words.readsEverythingButTheSettings,
  operator: words.alsoStartsStopsAndRestartsAnd,
  admin: words.mayDoEverything,
};

/** Those that a token of such a user may have. */
export function rolesUpTo(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1);
}

export const NAME_MAX = 32;

/** Why it cannot be a user's name; undefined where it can. */
export function wrongUserName(name: string): string | undefined {
  if (name === '') return words.enterAName;
  if (name.length > NAME_MAX) return words.theNameHasAtMostCharacters(NAME_MAX);
  return /^[a-z0-9][a-z0-9._-]*$/.test(name) ? undefined : words.theNameHasSmallLettersDigits;
}

export const TOKEN_NAME_MAX = 30;
export const TOKEN_DAYS_MAX = 3650;

export function wrongTokenName(name: string): string | undefined {
  if (name === '') return words.enterAName;
  if (name.length > TOKEN_NAME_MAX) return words.theNameHasAtMostCharacters2(TOKEN_NAME_MAX);
  return /^[A-Za-z0-9._-]+$/.test(name) ? undefined : words.theNameHasLettersDigitsAnd;
}

export function wrongDays(text: string): string | undefined {
  const days = Number(text);
  return /^\d+$/.test(text.trim()) && days >= 1 && days <= TOKEN_DAYS_MAX
    ? undefined
    : words.enterANumberOfDaysFrom(count(TOKEN_DAYS_MAX));
}

export function userMark({ disabled, sessions }: User): Mark {
  if (disabled) return { tone: 'off', word: words.disabled };
  return sessions > 0
    ? { tone: 'ok', word: words.loggedIn }
    : { tone: 'off', word: words.notLoggedIn };
}

const many = (n: number, one: string) => `${count(n)} ${one}${n === 1 ? '' : 's'}`;

export function credentialsText({ sessions, tokens }: User): string {
  return `${many(sessions, 'session')}, ${many(tokens, 'token')}`;
}

export function agoText(time: string | null, now: string): string {
  const seconds = secondsBetween(time, now);
  if (seconds === null) return 'never';
  return seconds < 60 ? words.justNow : words.ago(duration(seconds));
}

const SOON_S = 14 * 86_400;

/** Of what ends at a time. soonS: from when on it is worth a warning. */
export function expiryMark(expires: string, now: string, soonS = SOON_S): Mark {
  const left = (Date.parse(expires) - Date.parse(now)) / 1000;
  if (left <= 0) return { tone: 'bad', word: words.ended(date(expires)) };
  if (left < soonS) return { tone: 'warn', word: words.endsIn(duration(left)) };
  return { tone: 'ok', word: words.until(date(expires)) };
}

/** One that was made for a week is not about to end on its first day. */
export function tokenMark({ created, expires }: Token, now: string): Mark {
  const tenth = (Date.parse(expires) - Date.parse(created)) / 10_000;
  return expiryMark(expires, now, Math.min(SOON_S, tenth));
}

/** A line for a shell that asks something with a token. */
export function tokenLine(origin: string, token: string): string {
  return words.curlKHAuthorizationBearerApi(token, origin);
}

/** The name in a distinguished name (RFC 4514), or all of it. */
export function commonName(distinguished: string): string {
  const [, name] = /(?:^|,)\s*CN=((?:\\.|[^,\\])+)/i.exec(distinguished) ?? [];
  return name === undefined ? distinguished : name.replace(/\\(.)/g, '$1');
}

export function certificateAnswer(certificate: Certificate, now: string): Mark & { title: string } {
  const mark = expiryMark(certificate.not_after, now);
  const whose = certificate.source === 'own' ? words.theGatewayMade : words.theSiteGave;
  if (mark.tone === 'bad') return { ...mark, title: words.thisCertificateAndItIsNo(whose) };
  const word = mark.tone === 'ok' ? words.validUntil(date(certificate.not_after)) : mark.word;
  return { tone: mark.tone, word, title: words.thisCertificate(whose) };
}
