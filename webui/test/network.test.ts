// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/client';
import type { Network } from '../src/api/types';
import { changeOf, linkForms, refusedFields, timeOf, timeZones } from '../src/derive/network';

const now: Network = {
  managed: true,
  why: null,
  links: [
    { name: 'enp1s0', managed: true, addresses: ['192.0.2.10'] },
    { name: 'enp2s0', managed: true, addresses: [] },
    { name: 'eth9', managed: false, addresses: [] },
  ],
  network: {
    interfaces: [
      { name: 'enp1s0', address: '192.0.2.10/24', router: '192.0.2.1', dns: ['192.0.2.1'] },
      {},
    ],
  },
  time: { zone: 'Europe/Berlin' },
  trial: null,
  last: null,
};

describe('the network of the machine', () => {
  it('has a form for each interface that can be changed, filled with what is set', () => {
    expect(linkForms(now)).toEqual([
      {
        name: 'enp1s0',
        fixed: true,
        address: '192.0.2.10/24',
        router: '192.0.2.1',
        dns: '192.0.2.1',
      },
      { name: 'enp2s0', fixed: false, address: '', router: '', dns: '' },
    ]);
  });

  it('comes back as the gateway takes it', () => {
    const [first, second] = linkForms(now);
    if (!first || !second) throw new Error('no forms');
    const changed = {
      ...first,
      address: ' 198.51.100.7/24 ',
      router: '',
      dns: '192.0.2.1, 192.0.2.2',
    };
    expect(changeOf([changed, second])).toEqual({
      network: {
        interfaces: [
          { name: 'enp1s0', address: '198.51.100.7/24', dns: ['192.0.2.1', '192.0.2.2'] },
          { name: 'enp2s0' },
        ],
      },
    });
    expect(timeOf('UTC', null)).toEqual({ time: { zone: 'UTC' } });
    expect(timeOf('UTC', '')).toEqual({ time: { zone: 'UTC', servers: [] } });
    expect(timeOf('UTC', 'a.example b.example')).toEqual({
      time: { zone: 'UTC', servers: ['a.example', 'b.example'] },
    });
  });

  it('has each refusal beside its field', () => {
    const refused = new ApiError(
      422,
      'wrong',
      [
        {
          pointer: '/network/interfaces/1/address',
          detail: '/network/interfaces/1/address: must be one.',
        },
        { pointer: '/time/zone', detail: 'must be a time zone' },
        { pointer: '', detail: 'no place' },
      ],
      null,
    );
    expect(refusedFields(refused)).toEqual({
      '1/address': 'must be one',
      zone: 'must be a time zone',
    });
  });

  it('knows the time zones that the browser knows', () => {
    expect(timeZones()).toContain('Europe/Berlin');
    expect(timeZones()[0]).toBe('UTC');
  });
});
