// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import {
  alarmMark,
  alarmsAnswer,
  alarmsCsv,
  inOrder,
  kindTitle,
  matches,
  spell,
  subjectOf,
} from '../src/derive/alarm';
import { alarm, stateWith } from './fixture';

const AT = '2026-11-24T03:01:34.000Z';
const SEEN = { by: 'admin', at: AT };

describe('alarms', () => {
  it('nobody has seen come first, the serious before others, over ones last', () => {
    const alarms = [
      alarm({ id: 'over', cleared: AT }),
      alarm({ id: 'seen', acknowledged: SEEN }),
      alarm({ id: 'warning', severity: 'warn' }),
      alarm({ id: 'older', raised: '2026-11-23T03:00:00.000Z' }),
      alarm({ id: 'newer' }),
    ];
    expect(inOrder(alarms).map((a) => a.id)).toEqual(['newer', 'older', 'warning', 'seen', 'over']);
  });

  it('are a file for a spreadsheet, with nothing that it would take for a formula', () => {
    const [head, first, second, end] = alarmsCsv([
      alarm({ id: '7', subject: '/', cause: 'a, b', acknowledged: SEEN }),
      alarm({ id: '8', subject: '=1+1', cleared: AT }),
    ]).split('\r\n');
    expect(head?.startsWith('id,severity,kind,subject,raised')).toBe(true);
    expect(first?.endsWith(`,admin,${AT},"a, b"`)).toBe(true);
    expect(second).toContain(",'=1+1,");
    expect(end).toBe('');
  });

  it('are found by what they are', () => {
    const any = { severity: '', kind: '', subject: '' };
    expect(matches(alarm(), any)).toBe(true);
    expect(matches(alarm(), { ...any, severity: 'warn' })).toBe(false);
    expect(matches(alarm(), { ...any, kind: 'out_of_memory', subject: 'buffer' })).toBe(true);
    expect(matches(alarm(), { ...any, subject: 'broker' })).toBe(false);
  });

  it('say how long and how often', () => {
    expect(spell(alarm(), AT)).toBe('for 1\u00a0min');
    expect(spell(alarm({ count: 5, cleared: '2026-11-24T03:00:10.000Z' }), AT)).toBe(
      'for 10\u00a0s, 5 times',
    );
  });

  it('lead to what they are about', () => {
    const { services } = stateWith();
    expect(subjectOf(alarm(), services)).toEqual({ title: 'buffer', href: '/services/buffer' });
    expect(subjectOf(alarm({ kind: 'device_silent', subject: 'press' }), services)).toEqual({
      title: 'press',
      href: '/devices?search=press',
    });
    expect(subjectOf(alarm({ kind: 'temperature', subject: '' }), services)).toEqual({
      title: 'This gateway',
      href: null,
    });
  });

  it('have a colour and a word', () => {
    expect(alarmMark(alarm())).toEqual({ tone: 'bad', word: 'serious' });
    expect(alarmMark(alarm({ cleared: AT })).tone).toBe('off');
  });

  it('of a kind that this page does not know yet have a name all the same', () => {
    expect(kindTitle('door_open' as never)).toBe('door open');
  });

  it('are summed up by one sentence', () => {
    const title = (active: number, unacknowledged: number) =>
      alarmsAnswer({ active, unacknowledged, worst: active ? 'bad' : null }).title;
    expect(title(0, 0)).toBe('Nothing needs you.');
    expect(title(1, 1)).toBe('1 alarm waits for somebody.');
    expect(title(3, 2)).toBe('2 alarms wait for somebody.');
    expect(title(3, 0)).toBe('3 alarms, all seen to.');
    expect(alarmsAnswer({ active: 1, unacknowledged: 1, worst: 'bad' }).tone).toBe('bad');
  });
});
