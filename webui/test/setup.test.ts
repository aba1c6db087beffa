// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { KnownRelease } from '../src/api/types';
import { actionOf, firstMessage, nextRelease, outlook } from '../src/derive/overview';
import {
  baselineOf,
  firstOf,
  isFree,
  NO_BASELINE,
  NO_UPLINK,
  sinkOf,
  stagesOf,
  uplinkErrors,
  withSink,
} from '../src/derive/setup';
import { announcementKey } from '../src/derive/tone';
import { service, stateWith } from './fixture';

const admin = { user: 'admin', role: 'admin' } as Parameters<typeof actionOf>[1];
const viewer = { ...admin, role: 'viewer' as const };

describe('the first uplink', () => {
  it('is a sink of its scheme, with what was filled in and nothing else', () => {
    const form = { ...NO_UPLINK, url: ' https://x/in ', token: 't', user: 'u', password: 'p' };
    expect(sinkOf(form)).toEqual({
      name: 'uplink',
      type: 'https',
      url: 'https://x/in',
      token: 't',
    });
    expect(sinkOf({ ...form, url: 'mqtts://x' })).toEqual({
      name: 'uplink',
      type: 'mqtt',
      url: 'mqtts://x',
      user: 'u',
      password: 'p',
    });
    expect(sinkOf({ ...form, ca_pem: '\n-----BEGIN' })).toMatchObject({ ca_pem: '-----BEGIN\n' });
  });

  it('takes the place of the one of its name, and no other', () => {
    const other = { name: 'plant', type: 'mqtt' as const, url: 'mqtt://x' };
    const mine = sinkOf({ ...NO_UPLINK, url: 'https://new' });
    const old = { ...mine, url: 'https://old', token: '***' };
    expect(withSink([old, other], mine)).toEqual([mine, other]);
    expect(withSink([other], mine)).toEqual([other, mine]);
  });

  it('needs an address with a scheme that is known', () => {
    expect(Object.keys(uplinkErrors(NO_UPLINK))).toEqual(['url']);
    for (const url of ['ingest.example.com', 'ftp://x', 'https:/x'])
      expect(Object.keys(uplinkErrors({ ...NO_UPLINK, url })), url).toEqual(['url']);
    expect(uplinkErrors({ ...NO_UPLINK, url: 'MQTTS://x' })).toEqual({});
  });
});

describe('a test of a way out', () => {
  const step = (name: 'resolve' | 'connect', ok: boolean) => ({
    step: name,
    ok,
    ms: 3,
    detail: 'd',
  });

  it('shows all stages, and which of them were not reached', () => {
    const test = { steps: [step('resolve', true), step('connect', false)] };
    expect(stagesOf(test).map((stage) => stage.state)).toEqual([
      'done',
      'failed',
      'unreached',
      'unreached',
      'unreached',
    ]);
    expect(stagesOf(null).every((stage) => stage.state === 'trying')).toBe(true);
  });

  it('is free only where every step was', () => {
    expect(isFree({ steps: [step('resolve', true)] })).toBe(true);
    expect(isFree({ steps: [step('resolve', true), step('connect', false)] })).toBe(false);
    expect(isFree({ steps: [] })).toBe(false);
  });
});

describe('the first line', () => {
  const warn = { level: 'warn' as const, eyebrow: 'x', title: '', detail: '' };
  const state = stateWith({ sentence: warn });

  it('leads to what can be done about it', () => {
    const ill = stateWith({
      sentence: warn,
      services: [service('broker'), service('plc', { title: 'PLC', health: 'failed' })],
    });
    expect(actionOf(ill, viewer)).toEqual({ href: '/services/plc', text: 'Look at PLC' });
    const uplink = { ...state.uplink, state: 'unset' as const };
    expect(actionOf({ ...state, uplink }, admin)?.href).toBe('/setup');
    expect(actionOf({ ...state, uplink }, viewer)).toBeNull();
    const away = { ...state.uplink, state: 'away' as const };
    expect(actionOf({ ...state, uplink: away }, viewer)?.href).toBe('/data');
    const buffer = { ...state.buffer, quarantined: 3 };
    expect(actionOf({ ...state, buffer }, viewer)?.href).toBe('/data/quarantine');
  });

  it('leads nowhere where all is well', () => {
    expect(actionOf(stateWith(), admin)).toBeNull();
  });

  it('is not read out again because the delay moves', () => {
    const say = (title: string) => announcementKey({ ...warn, title });
    expect(say('All data delivered, 3 s behind.')).toBe(say('All data delivered.'));
  });
});

describe('the overview', () => {
  it('says what comes of a backlog, and nothing of what has just come in', () => {
    const { buffer } = stateWith();
    const full = { ...buffer, full_s: 19 * 86_400, out_per_s: 0 };
    expect(outlook(full, 60).value).toBe('≈ 19\u00a0days');
    expect(outlook(full, 5).text).toBe('delivered');
    expect(outlook({ ...full, drain_s: 360 }, 60).text).toBe('until all is delivered');
  });

  it('offers the newest release, unless it runs already', () => {
    const known = (id: string, state: KnownRelease['state']) => ({ id, state }) as KnownRelease;
    expect(nextRelease([known('b', 'available'), known('a', 'running')])?.id).toBe('b');
    expect(
      nextRelease([known('x', 'failed'), known('a', 'running'), known('b', 'available')]),
    ).toBeNull();
    expect(nextRelease([])).toBeNull();
  });

  it('has a first message that can be typed', () => {
    expect(firstMessage(stateWith().gateway)).toContain('mosquitto_pub -h 192.0.2.1 -p 1883 ');
  });
});

describe('the first message', () => {
  const at = (out: number, accepted: number, delivered: number) => {
    const { buffer } = stateWith();
    const services = [service('processor', { numbers: { out } })];
    return stateWith({ services, buffer: { ...buffer, accepted, delivered } });
  };

  it('is none of the gateway’s own alarms', () => {
    expect(firstOf(at(0, 2, 2), 2)).toEqual({ taken: 0, arrived: false });
    expect(firstOf(at(1, 3, 2), 2)).toEqual({ taken: 1, arrived: false });
    expect(firstOf(at(1, 3, 3), 2)).toEqual({ taken: 1, arrived: true });
  });

  it('is not in what was there before, though the buffer may tell of it first', () => {
    let baseline = baselineOf(NO_BASELINE, 2, 0);
    baseline = baselineOf(baseline, 3, 2000); // the first message, or an alarm
    expect(baseline.before).toBe(2);
    expect(firstOf(at(1, 3, 3), baseline.before).arrived).toBe(true);
    expect(baselineOf(baseline, 3, 8000).before).toBe(3); // an alarm: no device has sent anything yet
  });

  it('is there already where devices spoke before anybody looked', () => {
    expect(firstOf(at(9, 11, 11), null)).toEqual({ taken: 9, arrived: true });
  });
});
