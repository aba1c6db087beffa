// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  auditCsv,
  auditQuery,
  byDay,
  changeLines,
  joined,
  resultText,
  whoText,
} from '../src/derive/audit';

const entry = (id: number, what = 'logged in', who = 'ann', at: string | null = null) => ({
  id: String(id),
  at,
  who,
  from: null,
  what,
  result: 'done' as 'done' | 'refused' | 'failed',
  problem: null as string | null,
  changes: [],
  omitted: 0,
});

describe('the audit log', () => {
  it('is asked for by who it was, what was done and when', () => {
    const any = { who: '', text: '', result: '', from: '', to: '' };
    expect(auditQuery(any)).toEqual(any);
    expect(auditQuery({ ...any, who: 'ann', text: ' bob ' })).toEqual({
      ...any,
      who: 'ann',
      text: 'bob',
    });
    expect(auditQuery({ ...any, from: '24.11.2026', to: 'x' })).toEqual(any);
    expect(whoText('?')).toBe('not known');
  });

  it('takes the last day whole, also where the clocks are changed', () => {
    const local = (text: string) => new Date(text).toISOString();
    const asked = auditQuery({
      who: '',
      text: '',
      result: '',
      from: '2026-10-25',
      to: '2026-10-25',
    });
    expect(asked.from).toBe(local('2026-10-25T00:00:00'));
    expect(asked.to).toBe(local('2026-10-26T00:00:00'));
  });

  it('goes on at the top where new ones meet what was there', () => {
    const old = [entry(3), entry(2)];
    expect(joined([entry(4), entry(3)], old)).toEqual({
      entries: [entry(4), entry(3), entry(2)],
      meet: true,
    });
    expect(joined([entry(3)], [])).toEqual({ entries: [entry(3)], meet: true });
  });

  it('begins anew where some between were not seen', () => {
    expect(joined([entry(9), entry(8)], [entry(3)])).toEqual({
      entries: [entry(9), entry(8)],
      meet: false,
    });
  });

  it('is told by day', () => {
    const days = byDay([
      entry(4, 'a', 'ann', '2026-11-26T12:00:00Z'),
      entry(3, 'b'),
      entry(2, 'c', 'ann', '2026-11-24T12:00:00Z'),
    ]);
    expect(days.map(({ title, entries }) => [title, entries.length])).toEqual([
      ['26 Nov 2026', 2],
      ['24 Nov 2026', 1],
    ]);
    expect(byDay([entry(1)])[0]?.title).toBe('Time not known');
  });

  it('is a file that a spreadsheet reads, and takes nothing of it for a formula', () => {
    const lines = auditCsv([entry(1, 'set "x", twice'), entry(2, '=cmd()', '-x')]).split('\r\n');
    expect(lines).toEqual([
      'id,at,who,from,what,result,problem,changes',
      '1,,ann,,"set ""x"", twice",done,,',
      "2,,'-x,,'=cmd(),done,,",
      '',
    ]);
  });

  it('says what did not come about, and why', () => {
    expect(resultText(entry(1))).toBe('');
    const refused = { ...entry(2), result: 'refused' as const };
    expect(resultText({ ...refused, problem: '/api/docs/problems#not-found' })).toBe(
      'refused: not found',
    );
    expect(resultText({ ...refused, result: 'failed' })).toBe('failed');
  });

  it('says which values were changed', () => {
    const one = {
      ...entry(1),
      changes: [
        { path: '/role', before: 'viewer', after: 'admin' },
        { path: '/password', before: '***', after: '***' },
        { path: '/expires', before: null, after: 7 },
      ],
      omitted: 1200,
    };
    expect(changeLines(one)).toEqual([
      '/role: viewer → admin',
      '/password: another secret',
      '/expires: nothing → 7',
      '1,200 more',
    ]);
    expect(changeLines(entry(2))).toEqual([]);
    expect(auditCsv([one])).toContain('"/role: viewer → admin\n/password: another secret\n');
  });
});
