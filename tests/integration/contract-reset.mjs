// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about a factory reset. It ends with a gateway that has begun anew and was claimed again.
import { readFileSync } from 'node:fs';

// What holdfastd says at each start; the newest counts.
const newestCode = (file) => readFileSync(file, 'utf8').match(/^setup_code=(.*)$/gm)?.at(-1).split('=')[1];

export async function resets({ ask, expect, check, json }, { said, password }) {
  const { gateway, removes, release } = JSON.parse((await expect(200, 'GET', '/gateway/reset')).text);
  check('GET /gateway/reset', removes.accounts > 0 && removes.revisions > 0 && release, json({ removes, release }));
  const code = newestCode(said);
  const reset = (status, body, what) => expect(status, 'POST', '/gateway/reset', { body: json(body), what });
  await reset(422, { data: 'some', gateway }, 'neither');
  await reset(422, { data: 'wipe', gateway: 'hf-00000000' }, 'another gateway');
  await reset(422, { data: 'wipe' }, 'no gateway');
  check('POST /gateway/reset: what is refused changes nothing', (await ask('GET', '/session')).status === 200, 'it does');

  await reset(202, { data: 'wipe', gateway }, 'wipe');
  let state;
  for (let i = 0; i < 300 && state?.claimed !== false; i += 1) {
    await new Promise((r) => { setTimeout(r, 100); });
    state = await ask('GET', '/claim', { session: false }).then((a) => JSON.parse(a.text)).catch(() => undefined);
  }
  check('POST /gateway/reset: nobody has claimed it', state?.claimed === false, json(state));
  check('POST /gateway/reset: the session has ended', (await ask('GET', '/session')).status === 401, 'it lives');
  const fresh = newestCode(said);
  check('POST /gateway/reset: a new code', fresh && fresh !== code, fresh);
  const claim = (setup_code) => ask('POST', '/claim', { session: false, body: json({ setup_code, password }) });
  check('POST /gateway/reset: the old code', (await claim(code)).status === 403, 'it is good');
  const claimed = await claim(fresh);
  check('POST /gateway/reset: claimed', claimed.status === 201, claimed.text);
  return claimed;
}

export async function afterReset({ ask, check, json }) {
  const read = async (path) => JSON.parse((await ask('GET', path)).text);
  const { entries } = await read('/audit');
  check('POST /gateway/reset: it is the first entry of the audit log', entries.at(-1)?.what === 'factory reset, the data wiped', json(entries));
  check('POST /gateway/reset: no devices', (await read('/devices/accounts')).accounts.length === 0, 'some');
  check('POST /gateway/reset: one user', (await read('/users')).users.length === 1, 'others');
  const { removes, release } = await read('/gateway/reset');
  check('POST /gateway/reset: the release stays', release && removes.accounts === 1, json({ removes, release }));
}
