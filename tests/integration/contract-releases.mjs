// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about releases: where they come from, how one is applied, and what is known of images.
import { readFileSync } from 'node:fs';
import { ask, check, expect, finished, json, tryOut } from './contract-ask.mjs';

async function setKeys(keys) {
  const { headers: { etag } } = await ask('GET', '/config');
  await expect(200, 'PATCH', '/config', { body: json({ release_keys: keys }), headers: { 'if-match': etag }, what: 'keys' });
}

async function setGate(seconds) {
  const { headers: { etag } } = await ask('GET', '/config');
  await expect(200, 'PATCH', '/config', { body: json({ upgrade: { gate_s: seconds } }), headers: { 'if-match': etag }, what: 'gate' });
}

// From the first switch on the configuration stays as it is.
async function lockedMeanwhile() {
  for (let i = 0; i < 100; i += 1) {
    const { state } = JSON.parse((await ask('GET', '/releases/upgrade')).text);
    if (state === 'gating') break;
    await new Promise((r) => { setTimeout(r, 50); });
  }
  const { headers: { etag }, text } = await ask('GET', '/config');
  const locked = { headers: { 'if-match': etag }, what: 'while a release is applied' };
  await expect(409, 'PUT', '/config', { ...locked, body: text });
  await expect(409, 'PATCH', '/config', { ...locked, body: '{"name":"other"}' });
  await expect(409, 'POST', '/config/revisions/{n}/restore', { ...locked, n: 1 });
}

// A rollback by the name of its operation, which stays and ends as failed.
async function giveUp() {
  const { id } = JSON.parse((await expect(202, 'POST', '/releases/rollback', { what: 'to be given up' })).text);
  const cancel = (status, key, what) => expect(status, 'POST', '/operations/{id}/cancel', { id, headers: { 'idempotency-key': key }, what });
  await cancel(202, 'give-up', 'under way');
  check('cancelled', await finished(`/api/v1/operations/${id}`) === 'failed', id);
  const { detail } = JSON.parse((await cancel(200, 'give-up', 'the same key')).text);
  check('POST cancel: by whom', detail === 'rolled back: given up by admin', detail);
  await cancel(409, 'other', 'has ended');
  await cancel(422, 'apply', 'a key of an upgrade');
  await expect(404, 'POST', '/operations/{id}/cancel', { what: 'unknown' });
}

async function upgradeThere(added, staleEtag) {
  await setGate(5);
  await expect(412, 'POST', '/releases/{id}/apply', { id: added.id, headers: { 'if-match': staleEtag }, what: 'after a change' });
  const { headers: { etag } } = await expect(200, 'POST', '/releases/{id}/plan', { id: added.id, what: 'anew' });
  const applied = { id: added.id, headers: { 'if-match': etag, 'idempotency-key': 'apply' } };
  const begun = await expect(202, 'POST', '/releases/{id}/apply', applied);
  await expect(200, 'GET', '/releases/upgrade', { what: 'under way' });
  await expect(409, 'POST', '/releases/{id}/apply', { id: added.id, headers: { 'if-match': '*' }, what: 'at once again' });
  await lockedMeanwhile();
  check('apply', await finished(begun.headers.location) === 'succeeded', begun.text);
  await expect(200, 'POST', '/releases/{id}/apply', { ...applied, what: 'the same key' });
  const there = JSON.parse((await expect(200, 'GET', '/releases', { what: 'after an upgrade' })).text);
  check('GET /releases: it runs', there.running.id === added.id && there.history[0].outcome === 'committed', json(there));
  await expect(409, 'DELETE', '/releases/{id}', { id: there.previous.id, what: 'the one before' });
  const back = await expect(202, 'POST', '/releases/rollback');
  await tryOut('POST', '/releases/rollback', { what: 'given up' });
  check('rollback given up', await finished(back.headers.location) === 'failed', back.text);
  await giveUp();
  const keyed = { headers: { 'idempotency-key': 'back' } };
  const again = await expect(202, 'POST', '/releases/rollback', { ...keyed, what: 'once more' });
  check('rollback', await finished(again.headers.location) === 'succeeded', again.text);
  await expect(200, 'POST', '/releases/rollback', { ...keyed, what: 'the same key' });
  await setGate(null);
  const { releases: known } = JSON.parse((await ask('GET', '/releases')).text);
  await expect(204, 'DELETE', '/releases/{id}', { id: known.find((r) => r.state === 'available').id });
}

// A release that differs from the one that runs in nothing but its name and time: no service changes, so nothing is
// switched, and all that is asked can be asked in the time of a gate.
export async function releases() {
  const { running } = JSON.parse((await expect(200, 'GET', '/releases')).text);
  const { release } = JSON.parse((await expect(200, 'GET', '/releases/{id}', { id: running.id, what: 'the one that runs' })).text);
  const file = JSON.parse(readFileSync(process.env.HF_RELEASE, 'utf8'));
  const text = json({ ...file, name: 'contract', created: '2026-11-25T00:00:00Z' });
  check('GET /releases/{id}: the release', release.version === file.version, json(release));
  const unsigned = await expect(422, 'POST', '/releases', { body: json({ release: text }), what: 'unsigned' });
  check('POST /releases: unsigned', JSON.parse(unsigned.text).errors?.[0]?.pointer === '/signature', unsigned.text);
  const raw = readFileSync(process.env.HF_RELEASE, 'utf8');
  const signature = readFileSync(`${process.env.HF_RELEASE}.minisig`, 'utf8');
  const signed = await expect(201, 'POST', '/releases', { body: json({ release: raw, signature }), what: 'signed' });
  check('POST /releases: signed', JSON.parse(signed.text).signed === true, signed.text);
  await expect(422, 'POST', '/releases', { body: json({ release: `${raw} `, signature }), what: 'another file' });
  await expect(422, 'POST', '/releases', { body: json({ release: raw, signature: 'x'.repeat(2001) }), what: 'long signature' });
  await expect(413, 'POST', '/releases', { body: json({ release: ' '.repeat(70000) }), what: 'long release' });
  await setKeys([]);
  await expect(422, 'POST', '/releases', { body: json({ release: '{' }), what: 'no JSON in it' });
  const floating = text.replace(/"tag":"[^"]*"/, '"tag":"latest"');
  const refused = await expect(422, 'POST', '/releases', { body: json({ release: floating }), what: 'a floating tag' });
  check('POST /releases: pointer', /\/tag$/.test(JSON.parse(refused.text).errors?.[0]?.pointer), refused.text);
  const added = JSON.parse((await expect(201, 'POST', '/releases', { body: json({ release: text }) })).text);
  const again = JSON.parse((await expect(201, 'POST', '/releases', { body: json({ release: text }), what: 'again' })).text);
  check('POST /releases: the same id', again.id === added.id, again.id);
  const of = (id) => ({ id });
  await expect(404, 'GET', '/releases/{id}', { what: 'unknown' });
  await expect(404, 'POST', '/releases/{id}/plan', { what: 'unknown' });
  await expect(404, 'POST', '/releases/{id}/apply', { headers: { 'if-match': '*' }, what: 'unknown' });
  await expect(404, 'DELETE', '/releases/{id}', { what: 'unknown' });
  await expect(409, 'DELETE', '/releases/{id}', { ...of(running.id), what: 'the one that runs' });
  await expect(400, 'POST', '/releases/{id}/plan', { ...of(added.id), body: '{}', what: 'with a body' });
  const own = JSON.parse((await expect(200, 'POST', '/releases/{id}/plan', { ...of(running.id), what: 'what runs' })).text);
  check('plan of what runs', own.possible === false && own.obstacles.length === 1, json(own));
  const planned = await expect(200, 'POST', '/releases/{id}/plan', of(added.id));
  const plan = JSON.parse(planned.text);
  check('plan', plan.possible && plan.services.length === 0 && plan.unchanged.length === 4, planned.text);
  await expect(428, 'POST', '/releases/{id}/apply', { ...of(added.id), what: 'without If-Match' });
  await expect(412, 'POST', '/releases/{id}/apply', { ...of(added.id), headers: { 'if-match': `"${'f'.repeat(32)}"` }, what: 'another plan' });
  await expect(409, 'POST', '/releases/{id}/apply', { ...of(running.id), headers: { 'if-match': '*' }, what: 'what runs' });
  const older = JSON.parse((await expect(201, 'POST', '/releases', { body: json({ release: json({ ...file, name: 'older', counter: 1 }) }), what: 'older' })).text);
  await expect(409, 'POST', '/releases/{id}/apply', { ...of(older.id), headers: { 'if-match': '*' }, what: 'older' });
  await expect(422, 'POST', '/releases/{id}/apply', { ...of(older.id), body: '{"allow_older":1}', headers: { 'if-match': '*' }, what: 'no boolean' });
  await expect(415, 'POST', '/releases/{id}/apply', { ...of(older.id), body: '{}', headers: { 'if-match': '*', 'content-type': 'text/plain' }, what: 'no JSON' });
  await expect(409, 'POST', '/releases/rollback', { what: 'to nothing' });
  await upgradeThere(added, planned.headers.etag);
}

export async function sources() {
  const begun = await expect(202, 'POST', '/releases/check');
  await tryOut('POST', '/releases/check', { what: 'at once again' });
  check('check of the registry', await finished(begun.headers.location) === 'succeeded', begun.text);
  const { registry } = JSON.parse((await expect(200, 'GET', '/releases', { what: 'after a look into the registry' })).text);
  check('GET /releases: registry', registry.found >= 1 && !registry.failed && registry.checked !== null, json(registry));
  const piece = (offset, body, type = 'application/octet-stream') =>
    ({ body, headers: { 'upload-offset': offset, 'content-type': type } });
  await expect(400, 'POST', '/releases/bundle', { what: 'without a length' });
  await expect(413, 'POST', '/releases/bundle', { headers: { 'upload-length': `${2 ** 40}` }, what: 'too long' });
  await expect(404, 'PATCH', '/releases/bundle', { ...piece('0', 'x'), what: 'not begun' });
  await expect(404, 'DELETE', '/releases/bundle', { what: 'not begun' });
  await expect(201, 'POST', '/releases/bundle', { headers: { 'upload-length': '4096' } });
  await expect(409, 'POST', '/releases/bundle', { headers: { 'upload-length': '4096' }, what: 'a second one' });
  await expect(415, 'PATCH', '/releases/bundle', { ...piece('0', 'x', 'text/plain'), what: 'no file' });
  await expect(400, 'PATCH', '/releases/bundle', { ...piece('x', 'x'), what: 'no offset' });
  await expect(204, 'PATCH', '/releases/bundle', piece('0', 'x'.repeat(100)));
  await expect(409, 'PATCH', '/releases/bundle', { ...piece('0', 'x'), what: 'again' });
  const long = { headers: { 'upload-offset': '100', 'content-type': 'application/octet-stream', 'content-length': `${2 ** 40}` }, body: 'x' };
  await expect(413, 'PATCH', '/releases/bundle', { ...long, what: 'a piece that is too long' });
  await expect(200, 'GET', '/releases/bundle', { what: 'under way' });
  await expect(204, 'DELETE', '/releases/bundle');
  await expect(201, 'POST', '/releases/bundle', { headers: { 'upload-length': '4096' }, what: 'anew' });
  await expect(204, 'PATCH', '/releases/bundle', { ...piece('0', 'x'.repeat(600)), what: 'garbage' });
  for (let i = 0; i < 100; i++) {
    const now = JSON.parse((await expect(200, 'GET', '/releases/bundle', { what: 'garbage' })).text);
    if (now.finished !== null) break;
    await new Promise((r) => { setTimeout(r, 50); });
  }
  await expect(422, 'PATCH', '/releases/bundle', { ...piece('600', 'x'), what: 'after garbage' });
}

export async function scan() {
  const body = readFileSync(process.env.HF_SCAN_DATA);
  const given = await expect(200, 'PUT', '/scan/data', { body, query: 'older=true', what: 'new data' });
  check('PUT /scan/data: findings', JSON.parse(given.text).services.some((s) => s.result?.findings.length > 0), given.text.slice(0, 500));
  await expect(200, 'GET', '/scan', { what: 'with data' });
  await expect(422, 'PUT', '/scan/data', { body: body.subarray(0, -1), what: 'cut' });
  await expect(413, 'PUT', '/scan/data', { body: 'x', headers: { 'content-length': `${2 ** 40}` }, what: 'too long' });
  await expect(400, 'PUT', '/scan/data', { body, query: 'older=1', what: 'bad parameter' });
  await expect(409, 'PUT', '/scan/data', { body: readFileSync(process.env.HF_SCAN_DATA_OLD), what: 'older data' });
  const { headers: { etag } } = await ask('GET', '/config');
  const accept = [{ id: 'CVE-2026-11', reason: 'no way in', expires: '2026-11-01T00:00:00Z' }];
  const set = await expect(200, 'PATCH', '/config', { body: json({ scan: { policy: { high: 'block' }, accept } }), headers: { 'if-match': etag }, what: 'scan' });
  const seen = await expect(200, 'GET', '/scan', { what: 'with an acceptance that has expired' });
  check('GET /scan: block', JSON.parse(seen.text).services.some((s) => s.result?.verdict === 'block'), seen.text.slice(0, 500));
  await expect(200, 'PATCH', '/config', { body: json({ scan: null }), headers: { 'if-match': set.headers.etag }, what: 'scan back' });
  await expect(422, 'PATCH', '/config', { body: json({ scan: { accept: [{ id: 'x' }] } }), headers: { 'if-match': '*' }, what: 'half an acceptance' });
}
