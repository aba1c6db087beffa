#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Compares a running gateway with api/openapi.yaml: every operation is asked, in each way a client
// may ask it wrongly too; each answer must have a documented status, content type and body.
//
//     HF_URL=https://127.0.0.1:8443 HF_PASSWORD=… | HF_SETUP_CODE=… node contract.mjs
//
// With HF_SETUP_CODE it claims the gateway first, with the password HF_PASSWORD or a made-up one.
// HF_RELEASE is the release file that it runs. HF_SCAN_DATA and HF_SCAN_DATA_OLD are scan data, the second of an earlier day.
// It restarts, stops and starts the service HF_SERVICE (default forwarder). Prints `N passed, N failed`.
import { access } from './contract-access.mjs';
import {
  agent, ask, check, contract, contractText, cookieOf, expect, findings, finished, forgetCookie, isPublic, json, operations, seen, service,
  takeCookie, tryOut, validate, withCookie,
} from './contract-ask.mjs';
import { backups } from './contract-backup.mjs';
import { configuration } from './contract-config.mjs';
import { methods, refuseEverywhere, wrongBodies } from './contract-everywhere.mjs';
import { deviceAccounts, everySide, recordPath } from './contract-path.mjs';
import { hostNetwork } from './contract-network.mjs';
import { afterReset, resets } from './contract-reset.mjs';
import { releases, scan, sources } from './contract-releases.mjs';
import { conventions, routesAreThose } from './conventions.mjs';
import { elsewhere, listIsTrue } from './elsewhere.mjs';

const setupCode = process.env.HF_SETUP_CODE;
const password = process.env.HF_PASSWORD ?? 'contract-test-password';
const kit = { ask, expect, check, validate, json, service, finished, operations };

async function enter() {
  const state = JSON.parse((await expect(200, 'GET', '/claim')).text);
  const claim = (code) => json({ setup_code: code, password });
  if (!state.claimed) {
    check('HF_SETUP_CODE', setupCode, 'the gateway is not claimed and there is no code to do it');
    await expect(422, 'POST', '/claim', { body: json({ setup_code: setupCode, password: 'short' }), what: 'weak password' });
    await expect(422, 'POST', '/claim', { body: json({ setup_code: setupCode, password, name: 'no name' }), what: 'bad name' });
    await expect(403, 'POST', '/claim', { body: claim('AAAA-AAAA-AAAA'), what: 'wrong code' });
    let answer;
    for (let i = 0; i < 12 && answer?.status !== 429; i += 1) {
      answer = await tryOut('POST', '/claim', { body: claim('AAAA-AAAA-AAAA'), what: 'guessing' });
    }
    do {
      answer = await tryOut('POST', '/claim', { body: claim(setupCode), what: 'claim' });
      if (answer.status === 429) await new Promise((r) => { setTimeout(r, answer.headers['retry-after'] * 1000); });
    } while (answer.status === 429);
    check('claim', answer.status === 201, `${answer.status} ${answer.text}`);
    takeCookie(answer);
    await expect(204, 'POST', '/logout');
  }
  await expect(409, 'POST', '/claim', { body: claim('AAAA-AAAA-AAAA'), what: 'claimed already' });
  const login = await expect(200, 'POST', '/login', { body: json({ user: 'admin', password }) });
  takeCookie(login);
  check('cookie', /^__Host-holdfast=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Strict$/.test(login.headers['set-cookie']?.[0]),
    login.headers['set-cookie']);
}

// What the services did while they came up is not known beforehand; the container test makes some happen.
async function incidents() {
  for (const query of ['limit=0', 'limit=201', 'kind=flood', 'cursor=x', 'nonsense=1']) {
    await expect(400, 'GET', '/incidents', { query, what: query });
  }
  await expect(200, 'GET', '/incidents', { query: 'service=buffer&kind=exit&limit=5', what: 'filtered' });
  await expect(404, 'GET', '/incidents/{id}', { id: '999999', what: 'unknown' });
  await expect(404, 'GET', '/incidents/{id}', { id: 'x', what: 'no number' });
  const { incidents: all, next } = JSON.parse((await expect(200, 'GET', '/incidents', { query: 'limit=1' })).text);
  if (next !== null) await expect(200, 'GET', '/incidents', { query: `limit=1&cursor=${next}`, what: 'next page' });
  for (const { id } of all) await expect(200, 'GET', '/incidents/{id}', { id, what: 'known' });
}

// The record in quarantine is one.
async function alarms() {
  const { alarms: active } = JSON.parse((await expect(200, 'GET', '/alarms', { query: 'state=active', what: 'active' })).text);
  check('GET /alarms: one is active', active.length > 0, json(active));
  const { alarms: same } = JSON.parse((await expect(200, 'GET', '/alarms', { query: `kind=${active[0]?.kind}`, what: 'of a kind' })).text);
  check('GET /alarms: of a kind', same.length > 0 && same.every((a) => a.kind === active[0].kind), json(same));
  await expect(400, 'GET', '/alarms', { query: 'kind=odd', what: 'no kind' });
  await expect(200, 'POST', '/alarms/{id}/acknowledge', { id: active[0]?.id });
  await expect(404, 'POST', '/alarms/{id}/acknowledge', { id: '999999', what: 'unknown' });
}

async function use() {
  for (const { method, template, operation } of operations) {
    if (method === 'GET' && template !== '/operations/{id}') await tryOut(method, template, { what: operation.operationId });
  }
  const served = await ask('GET', '/openapi.yaml', { session: false });
  check('the served contract is this one', served.text === contractText, 'it differs');
  await expect(200, 'GET', '/services/{name}/logs', { query: 'tail=5&follow=true', what: 'followed' });
  await expect(200, 'GET', '/services/{name}/logs', { query: 'tail=5' });
  await expect(200, 'GET', '/services/{name}/logs', { query: 'previous=true', what: 'of containers before' });
  await expect(400, 'GET', '/services/{name}/logs', { query: 'previous=true&follow=true', what: 'both' });
  await expect(200, 'GET', '/services/{name}/logs/download');
  await expect(404, 'GET', '/services/{name}/logs/download', { name: 'nobody', what: 'unknown' });
  for (const query of ['tail=-1', 'tail=1001', 'tail=1&tail=2', 'follow=1', 'nonsense=1', 'tail']) {
    await expect(400, 'GET', '/services/{name}/logs', { query, what: query });
  }
  for (const one of operations.filter((o) => !isPublic(o))) {
    await wrongBodies(one, {});
    const body = one.operation.requestBody ? '{}' : undefined;
    await expect(400, one.method, one.template, { body, query: 'nonsense=1', what: 'unknown parameter' });
  }
  await everySide();
  await configuration();
  await recordPath();
  await deviceAccounts();
  await incidents();
  await sources();
  await releases();
  await scan();
  await hostNetwork(kit);
  await access({ ask, expect, tryOut, check, password, withCookie, cookieOf });
  await alarms();
  await conventions(kit);
  await expect(400, 'GET', '/operations', { query: 'limit=0', what: 'limit=0' });
  await expect(200, 'GET', '/operations', { query: 'limit=1', what: 'limit=1' });
  await expect(404, 'GET', '/operations/{id}', { what: 'unknown' });
  await expect(404, 'GET', '/services/{name}', { name: 'nobody', what: 'unknown' });
  await expect(404, 'GET', '/services/{name}/logs', { name: 'nobody', what: 'unknown' });
  for (const verb of ['restart', 'stop', 'start']) {
    const template = `/services/{name}/${verb}`;
    await expect(404, 'POST', template, { name: 'nobody', what: 'unknown' });
    await expect(400, 'POST', template, { body: '{}', what: 'with a body' });
    const queued = await expect(202, 'POST', template);
    const second = await tryOut('POST', template, { what: 'at once again' });
    check(`${verb} twice`, [202, 409].includes(second.status), second.status);
    if (queued.status === 202) {
      const state = await finished(queued.headers.location);
      check(verb, state === 'succeeded', state);
    }
    if (second.status === 202) await finished(second.headers.location);
  }
}

// The sessions have ended with the process.
async function restoreIt() {
  const look = await backups(kit);
  let login;
  for (let i = 0; i < 300 && login?.status !== 200; i += 1) {
    await new Promise((r) => { setTimeout(r, 100); });
    login = await ask('POST', '/login', { session: false, body: json({ user: 'admin', password }) }).catch(() => undefined);
  }
  check('POST /restore: the session has ended', (await ask('GET', '/session')).status === 401, 'it lives');
  takeCookie(login);
  await look();
}

// HF_SAYS is the file with what holdfastd says at its starts.
async function resetIt() {
  takeCookie(await resets(kit, { said: process.env.HF_SAYS, password }));
  await afterReset(kit);
}

async function leave() {
  await expect(204, 'POST', '/logout');
  await expect(401, 'GET', '/session', { what: 'after logout' });
  await expect(401, 'GET', '/events', { what: 'after logout' });
  forgetCookie();
  await expect(401, 'POST', '/login', { body: json({ user: 'admin', password: 'wrong password' }), what: 'wrong password' });
  let last;
  for (let i = 0; i < 12 && last?.status !== 429; i += 1) {
    last = await tryOut('POST', '/login', { body: json({ user: 'admin', password: 'wrong password' }), what: 'guessing' });
  }
  check('guessing is slowed down', last.status === 429, last.status);
}

routesAreThose(contract, check);
listIsTrue(contract, check);
await methods();
await refuseEverywhere();
await enter();
await methods();
await use();
await restoreIt();
await resetIt();
await leave();
agent.destroy();

for (const { method, template, operation } of operations) {
  for (const status of Object.keys(operation.responses)) {
    const name = `${method} ${template} ${status}`;
    const reason = elsewhere(name);
    if (seen.has(name)) check(`${name}: it is produced, and elsewhere.txt says that only a fault does`, !reason, reason);
    else check(`${name}: produced`, reason, 'nothing here makes it, and elsewhere.txt does not say where it is tested');
  }
}
const { passed, failures } = findings();
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`contract: ${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
