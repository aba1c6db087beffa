// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about the configuration, its revisions, and what the audit log says of its changes.
import { ask, check, expect, json, service } from './contract-ask.mjs';
import { wholeConfiguration } from './conventions.mjs';

// Changed, refused and put back as it was; the services take it while they run.
export async function configuration() {
  const before = await expect(200, 'GET', '/config');
  const etag = before.headers.etag;
  const patch = (status, body, what, more = {}) => expect(status, 'PATCH', '/config', {
    body: json(body), headers: { 'if-match': etag }, what, ...more });
  const { buffer } = JSON.parse(before.text);
  const changed = { buffer: { window_ms: buffer.window_ms === 100 ? 150 : 100 } };
  await patch(428, changed, 'without If-Match', { headers: {} });
  await patch(412, changed, 'for another revision', { headers: { 'if-match': '"999999"' } });
  await patch(400, changed, 'unknown parameter', { query: 'nonsense=1' });
  const wrong = await patch(422, { buffer: { window_ms: -1 }, name: 'half-applied' }, 'out of range');
  check('PATCH /config: pointer', JSON.parse(wrong.text).errors?.[0]?.pointer === '/buffer/window_ms', wrong.text);
  await patch(422, { rules: [{ filter: 'a/#/b' }] }, 'a filter that is none');
  const dry = await patch(200, changed, 'dry run', { query: 'dry_run=true' });
  check('PATCH /config (dry run): nothing is changed', dry.headers.etag === etag, dry.headers.etag);
  check('GET /config: still as it was', (await ask('GET', '/config')).text === before.text, 'it differs');
  const done = await patch(200, changed, 'change');
  check('PATCH /config: a new revision', done.headers.etag !== etag, done.headers.etag);
  await patch(412, changed, 'the revision before');
  const back = await patch(200, { buffer: { window_ms: buffer.window_ms } }, 'back', { headers: { 'if-match': done.headers.etag } });
  const { effects, ...there } = JSON.parse(back.text);
  check('PATCH /config: back', json(there) === before.text, back.text);
  check('PATCH /config: no effect on limits', json(effects) === '[]', back.text);
  const limited = await patch(200, { limits: { [service]: { pids: 48, log_bytes: null } } }, 'limits', { query: 'dry_run=true', headers: { 'if-match': '*' } });
  check('PATCH /config: effects', JSON.parse(limited.text).effects?.[0]?.how === 'live', limited.text);
  await patch(422, { limits: { [service]: { pids: 1 } } }, 'a limit out of range', { headers: { 'if-match': '*' } });
  await patch(422, { limits: { nobody: { pids: 48 } } }, 'limits of nobody', { headers: { 'if-match': '*' } });
  await wholeConfiguration({ ask, expect, check, json }, before);
  await patch(422, { own: { ports: [0] } }, 'a port that is none', { headers: { 'if-match': '*' } });
  const audit = await expect(200, 'GET', '/audit', { query: 'limit=1', what: 'newest' });
  const { entries: [newest], next } = JSON.parse(audit.text);
  check('GET /audit: the change', newest?.who === 'admin' && newest.from === '127.0.0.1' && /^changed the configuration/.test(newest.what), audit.text);
  check('GET /audit: the values of the change', newest?.changes.length > 0 && newest.changes.every(({ path, before, after }) => path[0] === '/' && json(before) !== json(after)), audit.text);
  await expect(200, 'GET', '/audit', { query: `limit=5&cursor=${next}`, what: 'next page' });
  await expect(400, 'GET', '/audit', { query: 'cursor=x', what: 'bad cursor' });
  await expect(400, 'GET', '/audit', { query: 'from=yesterday', what: 'bad time' });
  await expect(400, 'GET', '/audit', { query: 'result=odd', what: 'no result' });
  const day = newest?.at.slice(0, 10);
  for (const [query, some] of [
    ['who=admin&text=CONFIGURATION&limit=1', true],
    [`from=${day}T00:00:00Z&limit=1`, true],
    ['who=nobody', false],
    ['result=done', true],
    ['result=refused', true], // a wrong setup code
    ['text=no%20such%20thing', false],
    [`to=${day}T00:00:00Z`, false],
  ]) {
    const found = await expect(200, 'GET', '/audit', { query, what: query });
    check(`GET /audit: ${query}`, JSON.parse(found.text).entries.length > 0 === some, found.text);
  }
  await revisions();
}

async function revisions() {
  const { current, revisions: list } = JSON.parse((await expect(200, 'GET', '/config/revisions')).text);
  check('GET /config/revisions: the newest first', list[0].revision === current && list.length > 1, json(list));
  const diff = JSON.parse((await expect(200, 'GET', '/config/revisions/{n}/diff', { n: current, query: `from=${list[1].revision}` })).text);
  check('GET /config/revisions/{n}/diff', diff.changes.length > 0, json(diff));
  await expect(404, 'GET', '/config/revisions/{n}/diff', { n: current + 9, what: 'unknown' });
  await expect(400, 'GET', '/config/revisions/{n}/diff', { n: current, query: 'from=x', what: 'no number' });
  const restore = (status, n, more) => expect(status, 'POST', '/config/revisions/{n}/restore', { n, ...more });
  await restore(428, current, { what: 'without If-Match' });
  await restore(412, current, { headers: { 'if-match': '"0"' }, what: 'of another one' });
  await restore(404, current + 9, { headers: { 'if-match': '*' }, what: 'unknown' });
  await restore(400, current, { headers: { 'if-match': '*' }, body: '{}', what: 'with a body' });
  const dry = await restore(200, list[1].revision, { headers: { 'if-match': '*' }, query: 'dry_run=true', what: 'only tried' });
  check('POST restore (dry run): nothing is changed', dry.headers.etag === `"${current}"`, dry.headers.etag);
  const there = await restore(200, list[1].revision, { headers: { 'if-match': '*' }, what: 'the one before' });
  check('POST restore: a new revision', there.headers.etag === `"${current + 1}"`, there.headers.etag);
  await restore(200, current, { headers: { 'if-match': there.headers.etag }, what: 'and back' });
}
