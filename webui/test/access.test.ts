// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/client';
import {
  agoText,
  certificateAnswer,
  commonName,
  credentialsText,
  expiryMark,
  rolesUpTo,
  tokenLine,
  tokenMark,
  userMark,
  wrongDays,
  wrongTokenName,
  wrongUserName,
} from '../src/derive/access';
import { refusalOf } from '../src/derive/problem';

const NOW = '2026-11-26T12:00:00.000Z';
const user = {
  name: 'ann',
  role: 'operator' as const,
  disabled: false,
  created: NOW,
  sessions: 1,
  tokens: 0,
};
const token = {
  id: '1',
  user: 'ann',
  name: 'probe',
  role: 'viewer' as const,
  created: '2026-11-26T11:00:00.000Z',
  expires: '2026-12-03T11:00:00.000Z',
  used: null,
};
const certificate = {
  source: 'own' as const,
  subject: 'CN=holdfast',
  issuer: 'CN=holdfast',
  names: ['holdfast.local'],
  not_before: '2026-11-01T00:00:00Z',
  not_after: '2036-11-01T00:00:00Z',
  fingerprint: 'SHA256:AA',
  ca: null,
};

describe('users', () => {
  it('have names that the gateway takes', () => {
    for (const name of ['ann', '7', 'a.b_c-d', 'a'.repeat(32)])
      expect(wrongUserName(name)).toBeUndefined();
    for (const name of ['', 'Ann', '-a', 'a b', 'ä', 'a'.repeat(33)])
      expect(wrongUserName(name)).toBeTruthy();
  });

  it('are disabled, logged in or neither', () => {
    expect(userMark({ ...user, disabled: true }).word).toBe('disabled');
    expect(userMark(user)).toEqual({ tone: 'ok', word: 'logged in' });
    expect(userMark({ ...user, sessions: 0 }).word).toBe('not logged in');
    expect(credentialsText(user)).toBe('1 session, 0 tokens');
  });
});

describe('tokens', () => {
  it('never have more than the role of whoever makes them', () => {
    expect(rolesUpTo('viewer')).toEqual(['viewer']);
    expect(rolesUpTo('admin')).toEqual(['viewer', 'operator', 'admin']);
  });

  it('have names and days that the gateway takes', () => {
    expect(wrongTokenName('Line.7_x-y')).toBeUndefined();
    for (const name of ['', 'a b', 'a'.repeat(31)]) expect(wrongTokenName(name)).toBeTruthy();
    for (const days of ['1', ' 365 ', '3650']) expect(wrongDays(days)).toBeUndefined();
    for (const days of ['', '0', '3651', '1.5', '1e2', '-1', 'x'])
      expect(wrongDays(days)).toBeTruthy();
  });

  it('warn when they are about to end, not on their first day', () => {
    expect(tokenMark(token, NOW).tone).toBe('ok');
    expect(tokenMark(token, '2026-12-03T00:00:00Z')).toEqual({
      tone: 'warn',
      word: 'ends in 11\u00a0h',
    });
    expect(tokenMark(token, '2026-12-04T00:00:00Z').tone).toBe('bad');
    expect(expiryMark('2026-12-03T12:00:00Z', NOW).tone).toBe('warn');
  });

  it('say how to be used, and when they were', () => {
    expect(tokenLine('https://h', 'hft_1')).toBe(
      "curl -k -H 'Authorization: Bearer hft_1' https://h/api/v1/gateway",
    );
    expect(agoText(null, NOW)).toBe('never');
    expect(agoText('2026-11-26T11:59:30Z', NOW)).toBe('just now');
    expect(agoText('2026-11-26T11:30:00Z', NOW)).toBe('30\u00a0min ago');
  });
});

describe('a certificate', () => {
  it('is called by its name', () => {
    expect(commonName('CN=press.example.com,O=Works')).toBe('press.example.com');
    expect(commonName('O=Works,CN=Works\\, Inc.')).toBe('Works, Inc.');
    expect(commonName('O=Works')).toBe('O=Works');
  });

  it('says whose it is, and when it is over', () => {
    expect(certificateAnswer(certificate, NOW).title).toBe('The gateway made this certificate.');
    expect(certificateAnswer({ ...certificate, source: 'site' }, '2040-01-01T00:00:00Z')).toEqual({
      tone: 'bad',
      word: 'ended 1 Nov 2036',
      title: 'The site gave this certificate, and it is no longer valid.',
    });
  });
});

describe('what the gateway refuses', () => {
  it('is said at its field, and at the top where it has none', () => {
    const error = new ApiError(
      422,
      'name: is taken',
      [{ pointer: '/name', detail: '/name: is taken' }],
      null,
    );
    expect(refusalOf(error, ['name', 'role'])).toEqual({
      fields: { name: 'Is taken' },
      rest: null,
    });
    expect(refusalOf(error, ['role'])).toEqual({ fields: {}, rest: error });
    expect(refusalOf('no answer', ['name'])).toEqual({ fields: {}, rest: 'no answer' });
  });
});
