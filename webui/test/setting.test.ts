// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../src/api/settings';
import { idOf, isSecretSet, settingAt, settingsPatch, typedOf } from '../src/derive/setting';
import { allSettings } from '../src/text';

const CONFIG = {
  name: 'press',
  sinks: [{ name: 'uplink', type: 'https', url: 'https://a.example/v1', token: '***' }],
  buffer: { window_ms: 50, max_bytes: 1073741824, when_full: 'hold' },
  alarms: {
    webhook: { url: 'https://hooks.example', token: '***' },
    make_room: true,
    thresholds: { flash_bytes_per_day: [10e9, 50e9] },
  },
  registry: { password: '', max_bytes_per_s: 512000 },
  release_keys: ['RWa', 'RWb'],
};

const setting = (id: string) => {
  const found = SETTINGS.find((one) => idOf(one) === id);
  if (!found) throw new Error(`there is no setting ${id}`);
  return found;
};
const shown = (id: string) => typedOf(setting(id), CONFIG);
const patchOf = (typed: Record<string, string>) => settingsPatch(SETTINGS, typed).patch;
const errorsOf = (typed: Record<string, string>) => settingsPatch(SETTINGS, typed).errors;

describe('the form of all settings', () => {
  const ids = SETTINGS.map(idOf);

  it('has words for each setting of the contract, and for no other', () => {
    expect(Object.keys(allSettings.names).sort()).toEqual([...ids].sort());
  });

  it('has each in one section', () => {
    const first = [...new Set(SETTINGS.map(({ path }) => path[0]))].sort();
    expect(allSettings.sections.flatMap(({ of }) => of).sort()).toEqual(first);
  });

  it('has a word for all that can be chosen', () => {
    const values = SETTINGS.flatMap(({ values }) => values ?? []);
    expect(values.filter((one) => !(one in allSettings.choices))).toEqual([]);
  });
});

describe('a setting', () => {
  it('is shown in the unit that people use', () => {
    expect(shown('buffer.max_bytes')).toBe('1024');
    expect(shown('registry.max_bytes_per_s')).toBe('500');
    expect(shown('alarms.thresholds.flash_bytes_per_day')).toBe('10 50');
    expect(shown('release_keys')).toBe('RWa\nRWb');
    expect(shown('alarms.make_room')).toBe('true');
    expect(JSON.parse(shown('sinks'))).toEqual(CONFIG.sinks);
  });

  it('that is secret is never shown, only whether there is one', () => {
    expect(shown('alarms.webhook.token')).toBe('');
    expect(isSecretSet(setting('alarms.webhook.token'), CONFIG)).toBe(true);
    expect(isSecretSet(setting('registry.password'), CONFIG)).toBe(false);
  });

  it('comes back as the gateway takes it', () => {
    expect(
      patchOf({
        name: 'press-2',
        'buffer.max_bytes': '512',
        'buffer.when_full': 'drop_oldest',
        'alarms.make_room': 'false',
        'alarms.thresholds.flash_bytes_per_day': '1 2',
        'registry.password': 'grey heron',
        release_keys: ' RWc \n\n',
        rules: '[]',
      }),
    ).toEqual({
      name: 'press-2',
      buffer: { max_bytes: 536870912, when_full: 'drop_oldest' },
      alarms: { make_room: false, thresholds: { flash_bytes_per_day: [1e9, 2e9] } },
      registry: { password: 'grey heron' },
      release_keys: ['RWc'],
      rules: [],
    });
  });

  it('without which there is no webhook takes the webhook along', () => {
    const typed = { 'alarms.webhook.url': '', 'alarms.webhook.token': 'x' };
    expect(patchOf(typed)).toEqual({ alarms: { webhook: null } });
  });

  it.each([
    ['buffer.window_ms', '5001', /0 to 5000 ms/],
    ['buffer.max_bytes', '1', /16 to 1048576 MB/],
    ['buffer.window_ms', 'soon', /no(t a)? number/],
    ['alarms.thresholds.disk_percent', '85', /two numbers/],
    ['rules', '[{', /no JSON/],
  ])('%s that is %s is refused', (id, text, why) => {
    expect(errorsOf({ [id]: text })[id]).toMatch(why);
  });

  it('is found by the place that a refusal names', () => {
    const at = (pointer: string) => settingAt(SETTINGS, pointer)?.path.join('.');
    expect(at('/buffer/window_ms')).toBe('buffer.window_ms');
    expect(at('/rules/0/filter')).toBe('rules');
    expect(at('/rule')).toBeUndefined();
  });
});
