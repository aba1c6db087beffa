// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { incidentAddress, incidentPath, serviceAddress } from '../src/derive/address';
import { curveOf, eventOf, exitText, sentence, timesText } from '../src/derive/incident';
import { limitOf, limitsForm, limitsPatch } from '../src/derive/limits';
import { type Event, marksOf } from '../src/derive/marks';
import { hardeningRows } from '../src/derive/service-text';
import { fromUnit, inUnit, MB, wrongNumber } from '../src/derive/units';
import { firstPages } from '../src/state/asked';
import { incident, service } from './fixture';

const AT = '2026-11-24T03:01:34.000Z';

describe('addresses', () => {
  it('name a service and one of its incidents', () => {
    expect(serviceAddress('/services/buffer')).toEqual({ service: 'buffer', incident: null });
    expect(serviceAddress('/services/buffer/')).toEqual({ service: 'buffer', incident: null });
    expect(serviceAddress(incidentPath('buffer', '12'))).toEqual({
      service: 'buffer',
      incident: '12',
    });
    expect(serviceAddress('/services')).toBeNull();
    expect(serviceAddress('/services/a/b/c')).toBeNull();
  });

  it('name incidents that belong to no service', () => {
    expect(incidentAddress('/incidents')).toEqual({ incident: null });
    expect(incidentAddress(incidentPath('', '12'))).toEqual({ incident: '12' });
    expect(incidentAddress('/services/buffer/incidents/12')).toBeNull();
    expect(incidentAddress('/incidents/1/2')).toBeNull();
  });

  it('survive what cannot be decoded', () => {
    expect(serviceAddress('/services/%E0%A4%A')?.service).toBe('%E0%A4%A');
  });
});

describe('marks', () => {
  const event = (id: string, time: number, tone: Event['tone'] = 'warn'): Event => ({
    id,
    time,
    tone,
    text: `${id}.`,
    href: `/${id}`,
  });

  it('stand where they belong, and those outside are left out', () => {
    const marks = marksOf([event('b', 75), event('a', 25), event('old', -1)], 100, 100, '#all');
    expect(marks.map((m) => [m.key, m.place, m.href])).toEqual([
      ['a', 0.25, '/a'],
      ['b', 0.75, '/b'],
    ]);
  });

  it('stand at the edge where no point is as new', () => {
    expect(marksOf([event('new', 130)], 100, 100, '#all').map((m) => m.place)).toEqual([1]);
  });

  it('that are near to each other are one, as bad as the worst', () => {
    const marks = marksOf(
      [event('a', 50), event('b', 51, 'bad'), event('c', 52)],
      100,
      100,
      '#all',
    );
    expect(marks).toHaveLength(1);
    expect(marks[0]).toMatchObject({ count: 3, tone: 'bad', href: '#all' });
    expect(marks[0]?.text).toBe('3 incidents, the last: c.');
  });
});

describe('an incident', () => {
  it('is a mark that leads to it', () => {
    expect(eventOf(incident())).toEqual({
      id: '123',
      time: Date.parse(AT) / 1000,
      tone: 'warn',
      text: 'Exited with code 139 after 42 s (SIGSEGV).',
      href: '/services/buffer/incidents/123',
    });
  });

  it('says how often where it was more than once', () => {
    expect(timesText(incident(), AT)).toBe('');
    expect(timesText(incident({ times: 5 }), AT)).toMatch(/^5 times, the last \d\d:\d\d:34$/);
  });

  it('names the signal of an exit code', () => {
    expect(exitText(139)).toBe('139, SIGSEGV');
    expect(exitText(3)).toBe('3');
    expect(exitText(0)).toBe('0');
    expect(exitText(null)).toBe('–');
  });

  it('reads as a sentence', () => {
    expect(sentence('made it again')).toBe('Made it again.');
    expect(sentence('Really?')).toBe('Really?');
    expect(sentence('')).toBe('');
  });

  it('has a curve where something was measured', () => {
    const detail = (curve: object) => ({
      ...incident(),
      log: [],
      curve: { interval_s: 1, end: AT, memory_bytes: [], cpu_percent: [], ...curve },
    });
    expect(curveOf(detail({}))).toBeNull();
    expect(curveOf(detail({ end: null, memory_bytes: [1, 2] }))).toBeNull();
    const end = Date.parse(AT) / 1000;
    expect(curveOf(detail({ memory_bytes: [1, 2, 3], cpu_percent: [9] }))).toEqual({
      times: [end - 2, end - 1, end],
      memory: [1, 2, 3],
      cpu: [null, null, 9],
      spanS: 3,
    });
  });
});

describe('numbers in forms', () => {
  const unit = { size: MB, min: MB, max: 10 * MB, unit: 'MB' };

  it('are read with a comma or a point', () => {
    expect(fromUnit(' 1,5 ', unit)).toBe(1.5 * MB);
    expect(inUnit(1.5 * MB, unit)).toBe('1.5');
  });

  it('say what is wrong with them', () => {
    expect(wrongNumber('', unit)).toBe('is not a number');
    expect(wrongNumber('ten', unit)).toBe('is not a number');
    expect(wrongNumber('11', unit)).toBe('goes from 1 to 10 MB');
    expect(wrongNumber('10', unit)).toBeNull();
  });
});

describe('limits', () => {
  const { limits } = service('buffer');
  const before = limitsForm(limits);

  it('are shown in units that people type, without what the host does not have', () => {
    expect(before).toMatchObject({ memory_bytes: '64', cpus: '1', pids: '32', log_bytes: '8' });
    expect('io_weight' in before).toBe(false);
  });

  it('send only what was changed', () => {
    const form = { ...before, memory_bytes: '96', cpus: '0,5' };
    expect(limitsPatch(form, before)).toEqual({
      patch: { memory_bytes: 96 * MB, cpus: 0.5 },
      errors: {},
    });
  });

  it('refuse what no gateway could take, by field', () => {
    const { patch, errors } = limitsPatch({ ...before, pids: 'many', memory_bytes: '1' }, before);
    expect(patch).toEqual({});
    expect(errors).toMatchObject({ pids: 'is not a number' });
    expect(errors.memory_bytes).toContain('MB');
  });

  it('find the field that a refusal is about', () => {
    expect(limitOf('/limits/buffer/memory_bytes', 'buffer')).toBe('memory_bytes');
    expect(limitOf('/limits/broker/memory_bytes', 'buffer')).toBeNull();
    expect(limitOf('/limits/allow_overcommit', 'buffer')).toBeNull();
  });
});

describe('hardening', () => {
  it('marks nothing where all is strict', () => {
    const rows = hardeningRows(service('buffer'));
    expect(rows.filter((r) => r.weak)).toEqual([]);
    expect(rows.find((r) => r.name === 'Capabilities')?.text).toBe('none');
  });

  it('marks what is less strict', () => {
    const rows = hardeningRows(
      service('mine', {
        hardening: {
          user: '0:0',
          read_only: false,
          cap_drop: ['ALL'],
          cap_add: ['NET_RAW'],
          devices: ['/dev/ttyUSB0'],
          no_new_privileges: false,
        },
      }),
    );
    expect(rows.filter((r) => r.weak).map((r) => r.name)).toEqual([
      'User',
      'Root file system',
      'Capabilities',
      'New privileges',
      'Devices of the host',
    ]);
  });
});

describe('pages of a list', () => {
  it('are asked for one after the other, with the cursor of the one before', async () => {
    const asked: (string | null)[] = [];
    const load = async (cursor: string | null) => {
      asked.push(cursor);
      const n = Number(cursor ?? 0);
      return { items: [n], next: n < 2 ? String(n + 1) : null };
    };
    expect(await firstPages(2, load)).toEqual({ items: [0, 1], next: '2' });
    expect(await firstPages(9, load)).toEqual({ items: [0, 1, 2], next: null });
    expect(asked).toEqual([null, '1', null, '1', '2']);
  });
});
