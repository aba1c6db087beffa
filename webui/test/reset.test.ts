// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Reset } from '../src/api/types';
import { losses, recordsText } from '../src/derive/reset';

const would = (removes: Partial<Reset['removes']> = {}, records: number | null = 0): Reset => ({
  gateway: 'hf-0123abcd',
  removes: { accounts: 1, tokens: 0, device_accounts: 0, revisions: 1, ...removes },
  records,
  release: null,
});

describe('a factory reset', () => {
  it('says what goes, and not what there is none of', () => {
    expect(losses(would())).toEqual([
      'the one account, yours',
      'the configuration',
      'certificates, secrets, history, alarms, logs, the audit log',
    ]);
    expect(losses(would({ accounts: 3, tokens: 1, device_accounts: 1200, revisions: 12 }))).toEqual(
      [
        '3 accounts of people, yours among them',
        'one API token',
        '1,200 accounts of devices',
        '12 revisions of the configuration, all there are',
        'certificates, secrets, history, alarms, logs, the audit log',
      ],
    );
  });

  it('says that the configuration goes also where nobody has changed it', () => {
    expect(losses(would({ revisions: 0 }))).toContain('the configuration');
  });

  it.each([
    [0, /No record is held now\. What/, /No record is held now\. All/],
    [1, /^One record that is held stays/, /^One record that is held was not delivered and is lost/],
    [41200, /^41,200 records that are held stay/, /^41,200 records .* are lost/],
    [null, /^Records that are held stay/, /How many there are is not known/],
  ])('says what becomes of %s records', (records, keep, wipe) => {
    const text = recordsText(would({}, records));
    expect(text.keep).toMatch(keep);
    expect(text.wipe).toMatch(wipe);
  });
});
