// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Config } from '../src/api/types';
import { accessField, accessOf, brokerPatch } from '../src/derive/broker';

const CONFIG = {
  broker: {
    max_devices: 1000,
    max_device_sessions: 2000,
    session_days: 90,
    anonymous: false,
    tls: 'off',
  },
} as Config;
const BEFORE = accessOf(CONFIG);

describe('the access of devices', () => {
  it('sends only what was changed', () => {
    expect(brokerPatch(BEFORE, BEFORE)).toEqual({ patch: {}, errors: {} });
    expect(brokerPatch({ ...BEFORE, tls: 'only', max_devices: '20' }, BEFORE)).toEqual({
      patch: { tls: 'only', max_devices: 20 },
      errors: {},
    });
  });

  it('says which number cannot be', () => {
    const { patch, errors } = brokerPatch(
      { ...BEFORE, max_devices: '0', session_days: 'x' },
      BEFORE,
    );
    expect(patch).toEqual({});
    expect(errors).toEqual({
      max_devices: 'goes from 1 to 10000 devices',
      session_days: 'is not a number',
    });
  });

  it('finds the field of a refusal', () => {
    expect(accessField('/broker/tls')).toBe('tls');
    expect(accessField('/broker/session_days')).toBe('session_days');
    expect(accessField('/uplink/url')).toBeNull();
  });
});
