// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about the record path: what is held, devices and their accounts, sinks, rules.
import { execFileSync } from 'node:child_process';
import { ask, check, expect, json, tryOut } from './contract-ask.mjs';

const pages = ['/buffer/records', '/quarantine', '/devices'];

// The services are there, and have what devices published before.
export async function everySide() {
  for (let i = 0; i < 120; i += 1) {
    const { services } = JSON.parse((await ask('GET', '/services')).text);
    const { total } = JSON.parse((await ask('GET', '/quarantine')).text);
    if (services.every((one) => one.health === 'healthy') && total > 0) break;
    await new Promise((r) => { setTimeout(r, 1000); });
  }
  for (const template of [...pages, '/buffer', '/sinks', '/rules']) {
    const { text } = await expect(200, 'GET', template, { what: 'with something in it' });
    const lists = Object.values(JSON.parse(text || '{}')).filter(Array.isArray);
    check(`GET ${template}: something is in it`, template === '/rules' || lists.every((list) => list.length > 0), text);
  }
  check('GET /buffer: detail', JSON.parse((await ask('GET', '/buffer')).text).detail !== null, 'there is none');
  for (const template of pages) {
    const { next } = JSON.parse((await expect(200, 'GET', template, { query: 'limit=1', what: 'one' })).text);
    if (next !== null) await expect(200, 'GET', template, { query: `limit=1&cursor=${encodeURIComponent(next)}`, what: 'next page' });
  }
  for (const [search, some] of [['7', true], ['nobody', false]]) {
    const { devices } = JSON.parse((await expect(200, 'GET', '/devices', { query: `search=${search}`, what: search })).text);
    check(`GET /devices: search=${search}`, devices.length > 0 === some && devices.every((d) => d.device.includes('7')), json(devices));
  }
  await expect(200, 'GET', '/buffer/export', { query: 'topic=sensors%2F%2B%2Ftemp', what: 'some' });
  const rules = [{ filter: 'sensors/+/temp', select: { v: '/t' }, scale: { field: '/v', factor: 2, unit: 'K' }, topic: 'k/{1}', lane: 'bulk' }];
  const dry = await expect(200, 'POST', '/rules/dry-run', { body: json({ rules }), what: 'on what was published' });
  check('POST /rules/dry-run: a result', JSON.parse(dry.text).results?.some((r) => r.rule === 0 && r.out.length === 1), dry.text.slice(0, 300));
  const { headers: { etag } } = await ask('GET', '/config');
  const set = await expect(200, 'PATCH', '/config', { body: json({ rules }), headers: { 'if-match': etag }, what: 'rules' });
  let listed;
  for (let i = 0; i < 30 && !listed?.length; i += 1) {
    await new Promise((r) => { setTimeout(r, 1000); });
    listed = JSON.parse((await expect(200, 'GET', '/rules', { what: 'with a rule' })).text).rules;
  }
  check('GET /rules: the rule', listed?.[0]?.filter === rules[0].filter, json(listed));
  await expect(200, 'PATCH', '/config', { body: json({ rules: [] }), headers: { 'if-match': set.headers.etag }, what: 'rules back' });
  await expect(200, 'POST', '/sinks/{name}/test', { name: 'uplink', what: 'one that is away' });
  const tried = await expect(200, 'POST', '/sinks/test', {
    body: json({ name: 'uplink', type: 'https', url: 'https://127.0.0.1:1/in?key=s3cret-key', token: 's3cret-of-a-try' }),
    what: 'settings not in use',
  });
  check('POST /sinks/test: how far it came', JSON.parse(tried.text).steps?.at(-1)?.ok === false, tried.text);
}

function signingRequest() {
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '/dev/null'];
  return execFileSync('openssl', ['req', ...ec, '-subj', '/CN=whoever'], { stdio: 'pipe' }).toString();
}

export async function deviceAccounts() {
  const add = (status, body, more) => expect(status, 'POST', '/devices/accounts', { body: json(body), ...more });
  const made = JSON.parse((await add(201, { name: 'press-7', subscribe: ['commands/%u/#'] })).text);
  check('POST /devices/accounts: a password', made.password?.length === 24, made.password);
  await add(409, { name: 'press-7' }, { what: 'again' });
  await add(422, { name: 'press-8', publish: ['a/#/b'] }, { what: 'no topic' });
  const given = JSON.parse((await add(201, { name: 'press-8', password: 'as it was given' }, { what: 'with a password' })).text);
  check('POST /devices/accounts: a given password is not said', given.password === null, json(given));
  const { next } = JSON.parse((await expect(200, 'GET', '/devices/accounts', { query: 'limit=1', what: 'one' })).text);
  await expect(200, 'GET', '/devices/accounts', { query: `limit=1&cursor=${next}`, what: 'next page' });
  const searched = JSON.parse((await expect(200, 'GET', '/devices/accounts', { query: 'search=ESS-8', what: 'by a part of the name' })).text);
  check('GET /devices/accounts: the one', searched.accounts.map((a) => a.name).join() === 'press-8', json(searched));
  const name = 'press-7';
  await expect(200, 'GET', '/devices/accounts/{name}', { name, what: 'known' });
  const patch = (status, body, more) => expect(status, 'PATCH', '/devices/accounts/{name}', { name, body: json(body), ...more });
  const off = JSON.parse((await patch(200, { enabled: false, publish: null })).text);
  check('PATCH /devices/accounts/{name}', !off.enabled && off.publish[0] === 'sensors/%u/#', json(off));
  await patch(404, { enabled: true }, { name: 'nobody', what: 'unknown' });
  await patch(422, { name: 'other' }, { what: 'another name' });
  const rotate = (status, more) => expect(status, 'POST', '/devices/accounts/{name}/password', { name, ...more });
  const rotated = JSON.parse((await rotate(200)).text);
  check('POST password: another one', rotated.password && rotated.password !== made.password, json(rotated));
  await rotate(200, { body: json({ password: 'a chosen one' }), what: 'chosen' });
  await rotate(422, { body: json({ password: 'short' }), what: 'short' });
  await rotate(404, { name: 'nobody', what: 'unknown' });
  const certify = (status, more) => expect(status, 'POST', '/devices/accounts/{name}/certificate', { name, ...more });
  const certified = JSON.parse((await certify(200)).text);
  check('POST certificate: a key', certified.key?.startsWith('-----BEGIN PRIVATE KEY-----'), json(certified.account));
  const csr = JSON.parse((await certify(200, { body: json({ csr: signingRequest(), days: 30 }), what: 'for a request' })).text);
  check('POST certificate: the key stays where it was made', csr.key === null && csr.account.certificate !== null, json(csr.account));
  await certify(422, { body: json({ csr: 'x' }), what: 'no request' });
  await certify(422, { body: json({ days: 3651 }), what: 'too long' });
  await certify(404, { name: 'nobody', what: 'unknown' });
  await expect(204, 'DELETE', '/devices/accounts/{name}/certificate', { name });
  await expect(404, 'DELETE', '/devices/accounts/{name}/certificate', { name, what: 'again' });
  const table = (status, body, what) => expect(status, 'POST', '/devices/accounts/import', { body, headers: { 'content-type': 'text/csv' }, what });
  const wrong = JSON.parse((await table(422, 'press-9\npress-7\na b,short\n', 'wrong')).text);
  check('POST import: all that is wrong', json(wrong.errors.map((e) => [e.line, e.column])) === '[[3,1],[3,5],[2,1]]', json(wrong));
  await table(413, ','.repeat(1024 * 1024 + 1), 'too large');
  const imported = JSON.parse((await table(201, 'name,password\npress-9,\npress-10,given-to-it\n', 'two')).text);
  check('POST import', imported.imported === 2 && imported.passwords.length === 1, json(imported));
  for (const one of ['press-7', 'press-8', 'press-9', 'press-10']) {
    await expect(204, 'DELETE', '/devices/accounts/{name}', { name: one, what: one });
  }
  await expect(404, 'DELETE', '/devices/accounts/{name}', { name, what: 'again' });
  const { entries } = JSON.parse((await ask('GET', '/audit?limit=20')).text);
  for (const what of ['added the account of device \'press-7\'', 'added the accounts of 2 devices', 'deleted the account of device \'press-7\'']) {
    check(`GET /audit: ${what}`, entries.some((entry) => entry.what === what && entry.who === 'admin'), json(entries));
  }
}

export async function recordPath() {
  for (const [template, queries] of Object.entries({
    '/buffer/records': ['order=any', 'limit=0', 'limit=501', 'lane=fast', 'topic=', 'topic=%zz', 'nonsense=1'],
    '/buffer/export': ['from=yesterday', 'lane=fast', 'limit=1'],
    '/quarantine': ['limit=0', 'nonsense=1'],
    '/devices': ['limit=0', 'limit=501'],
    '/devices/accounts': ['limit=0', 'limit=501', 'cursor=', 'nonsense=1'],
  })) {
    for (const query of queries) await expect(400, 'GET', template, { query, what: query });
  }
  await tryOut('GET', '/buffer/records', { query: 'order=oldest&topic=sensors%2F%2B%2F%23&lane=normal&limit=3', what: 'filtered' });
  await tryOut('GET', '/buffer/export', { query: 'topic=no%2Fsuch&from=2026-01-01T00:00:00Z', what: 'filtered' });
  const drop = { lane: 'bulk', until: '1970-01-01T00:00:01Z', confirm: 'drop' };
  for (const [body, what] of [[{ ...drop, confirm: 'yes' }, 'unconfirmed'], [{ ...drop, lane: 'fast' }, 'bad lane'],
    [{ ...drop, until: 'now' }, 'bad time']]) {
    await expect(422, 'POST', '/buffer/drop', { body: json(body), what });
  }
  await tryOut('POST', '/buffer/drop', { body: json(drop), what: 'nothing so old' });
  for (const verb of ['replay', 'drop']) {
    for (const body of [{}, { all: false }, { ids: [] }, { ids: [7] }, { all: true, ids: ['7'] }]) {
      await expect(422, 'POST', `/quarantine/${verb}`, { body: json(body), what: json(body) });
    }
    await tryOut('POST', `/quarantine/${verb}`, { body: json({ ids: ['1'] }), what: 'by id' });
  }
  await tryOut('POST', '/sinks/{name}/test', { name: 'nobody', what: 'unknown' });
  await expect(400, 'POST', '/sinks/{name}/test', { name: 'uplink', body: '{}', what: 'with a body' });
  await expect(422, 'POST', '/sinks/test', { body: json({ name: 'uplink', type: 'https', url: 'ftp://x' }), what: 'no address' });
  await expect(422, 'POST', '/rules/dry-run', { body: json({ rules: [{ filter: '#', colour: 1 }] }), what: 'unknown member' });
  await tryOut('POST', '/rules/dry-run', { body: json({ rules: [{ filter: '#', lane: 'bulk' }] }), what: 'a rule' });
}
