// SPDX-License-Identifier: Apache-2.0
// What holds for many operations, for contract.mjs: compression, waiting, keys, pages, streams, problem pages, figures, and
// the diagnostic bundle. Leaves figures and bundle in HF_OUT for contract.sh to look at.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const out = process.env.HF_OUT;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

// The table of routes and the contract have the same operations.
export function routesAreThose(contract, check) {
  const text = readFileSync(file('../../api/routes.c'), 'utf8');
  const routes = [...text.matchAll(/\{\s*HF_METHOD_([A-Z]+),\s*"([^"]+)"/g)].map(([, method, path]) => `${method} ${path}`);
  const documented = Object.entries(contract.paths).flatMap(([path, item]) =>
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((m) => m.toLowerCase() in item).map((m) => `${m} ${path}`));
  const missing = (from, to) => from.filter((one) => !to.includes(one)).join(', ');
  check('routes.c has nothing that openapi.yaml has not', !missing(routes, documented), missing(routes, documented));
  check('openapi.yaml has nothing that routes.c has not', !missing(documented, routes), missing(documented, routes));
  check('no route stands twice', new Set(routes).size === routes.length, routes.length);
}

async function compression({ ask, check }) {
  const plain = await ask('GET', '/services');
  check('GET /services: Vary', plain.headers.vary === 'Accept-Encoding' && !plain.headers['content-encoding'], JSON.stringify(plain.headers));
  for (const path of ['/services', '/history?range=6h', '/openapi.yaml']) {
    const small = await ask('GET', path, { headers: { 'accept-encoding': 'gzip' } });
    check(`GET ${path}: compressed`, small.headers['content-encoding'] === 'gzip', JSON.stringify(small.headers));
    check(`GET ${path}: the same inside`, gunzipSync(small.bytes).length > small.bytes.length, small.bytes.length);
  }
  const refused = await ask('GET', '/services', { headers: { 'accept-encoding': 'gzip;q=0' } });
  check('GET /services: not compressed where it is refused', !refused.headers['content-encoding'], refused.headers['content-encoding']);
  const short = await ask('GET', '/health', { headers: { 'accept-encoding': 'gzip' } });
  check('GET /health: too short to be', !short.headers['content-encoding'], short.headers['content-encoding']);
  const head = await ask('HEAD', '/services', { headers: { 'accept-encoding': 'gzip' } });
  check('HEAD /services: as GET', head.headers['content-encoding'] === 'gzip' && head.bytes.length === 0, JSON.stringify(head.headers));
}

async function waiting({ ask, expect, check, json, service }) {
  const template = '/services/{name}/restart';
  const key = `contract-${process.pid}`;
  const first = await expect(200, 'POST', template, { headers: { prefer: 'wait=30', 'idempotency-key': key }, what: 'waited for' });
  const begun = JSON.parse(first.text);
  check('POST restart (waited for): it has ended', begun.state === 'succeeded' && first.headers['preference-applied'] === 'wait=30', first.text);
  const again = await expect(200, 'POST', template, { headers: { 'idempotency-key': key }, what: 'the same key' });
  check('POST restart (the same key): the same operation', JSON.parse(again.text).id === begun.id && again.headers['idempotency-replayed'] === 'true', again.text);
  const other = service === 'broker' ? 'buffer' : 'broker';
  await expect(422, 'POST', template, { name: other, headers: { 'idempotency-key': key }, what: 'the same key for another' });
  await expect(400, 'POST', template, { headers: { 'idempotency-key': 'a b' }, what: 'a key that is none' });
  const { operations } = JSON.parse((await ask('GET', `/operations?limit=100&service=${service}`)).text);
  check('one key begins one operation', operations.filter((o) => o.id === begun.id).length === 1, json(operations));
  const one = await expect(200, 'GET', '/operations/{id}', { id: begun.id, headers: { prefer: 'wait=5' }, what: 'waited for' });
  check('GET operation: Preference-Applied', one.headers['preference-applied'] === 'wait=5', json(one.headers));
  for (const verb of ['stop', 'start']) {
    await expect(200, 'POST', `/services/{name}/${verb}`, { headers: { prefer: 'respond-async, wait=30' }, what: 'waited for' });
  }
  await expect(422, 'POST', '/services/{name}/stop', { headers: { 'idempotency-key': key }, what: 'a key of a restart' });
  await expect(422, 'POST', '/services/{name}/start', { headers: { 'idempotency-key': key }, what: 'a key of a restart' });
  await expect(422, 'POST', '/releases/check', { headers: { 'idempotency-key': key }, what: 'a key of a restart' });
  await expect(422, 'POST', '/releases/rollback', { headers: { 'idempotency-key': key }, what: 'a key of a restart' });
  await expect(200, 'POST', '/releases/check', { headers: { prefer: 'wait=30' }, what: 'waited for' });
}

async function pages({ expect, check, ask, json }) {
  const seen = [];
  let cursor = '';
  do {
    const { operations, next } = JSON.parse((await expect(200, 'GET', '/operations', { query: `limit=2${cursor}`, what: 'a page' })).text);
    seen.push(...operations.map((o) => o.id));
    cursor = next === null ? null : `&cursor=${next}`;
  } while (cursor !== null && seen.length < 400);
  check('pages of operations have each once', new Set(seen).size === seen.length && seen.length > 2, json(seen));
  const { operations } = JSON.parse((await ask('GET', '/operations?state=failed&limit=100')).text);
  check('operations by state', operations.every((o) => o.state === 'failed'), json(operations));
  for (const query of ['state=odd', 'cursor=x', 'limit=101']) await expect(400, 'GET', '/operations', { query, what: query });
}

const eventsOf = (text) => text.split('\n\n').map((block) => ({
  id: /^id: (.*)$/m.exec(block)?.[1],
  name: /^event: (.*)$/m.exec(block)?.[1],
  data: /^data: (.*)$/m.exec(block)?.[1],
})).filter((e) => e.data);

async function streams({ ask, expect, check, json }) {
  const first = eventsOf((await expect(200, 'GET', '/events', { what: 'from now on', streamMs: 400 })).text);
  check('GET /events: the state first', first[0]?.name === 'state' && !first.some((e) => e.name === 'missed'), json(first.map((e) => e.name)));
  const [start] = first[0].id.split('-');
  const { text } = await expect(200, 'GET', '/events', { headers: { 'last-event-id': `${start}-0` }, what: 'from the start on', streamMs: 400 });
  const replayed = eventsOf(text);
  const changes = replayed.filter((e) => e.name === 'change');
  check('GET /events: what has changed since the start', changes.length > 3 || replayed[0].name === 'missed', json(replayed.map((e) => e.name)));
  check('GET /events: changes come before the state', replayed.findIndex((e) => e.name === 'state') > replayed.findIndex((e) => e.name === 'change'), text.slice(0, 300));
  const numbers = changes.map((e) => Number(e.id.split('-')[1]));
  check('GET /events: in order', numbers.every((n, i) => i === 0 || n === numbers[i - 1] + 1), json(numbers));
  const middle = changes[Math.floor(changes.length / 2)].id;
  const rest = eventsOf((await expect(200, 'GET', '/events', { headers: { 'last-event-id': middle }, what: 'from the middle on', streamMs: 400 })).text);
  check('GET /events: goes on behind the id', rest[0].name === 'change' && Number(rest[0].id.split('-')[1]) === Number(middle.split('-')[1]) + 1, json(rest[0]));
  for (const id of ['abc-1', `${start}-99999999`, 'nonsense']) {
    const other = eventsOf((await ask('GET', '/events', { headers: { 'last-event-id': id }, streamMs: 400 })).text);
    check(`GET /events: an id of another life (${id})`, other[0].name === 'missed' && JSON.parse(other[0].data).reason === 'restarted', json(other[0]));
  }
}

async function problemPages({ ask, check }) {
  const page = await ask('GET', '/api/docs/problems', { root: true });
  const wrong = [await ask('GET', '/nothing'), await ask('GET', '/operations?limit=0'), await ask('DELETE', '/health')];
  check('GET /api/docs/problems', page.status === 200 && page.headers['content-type'].startsWith('text/html'), page.status);
  for (const one of wrong) {
    const { type } = JSON.parse(one.text);
    const [path, anchor] = type.split('#');
    check(`${type}: is there`, path === '/api/docs/problems' && page.text.includes(`id="${anchor}"`), type);
  }
  const reference = await ask('GET', '/api/docs', { root: true });
  check('GET /api/docs', reference.status === 200 && reference.text.includes('id="getMetrics"'), reference.status);
  for (const { name, text } of [{ name: 'reference', text: reference.text }, { name: 'problems', text: page.text }]) {
    const outside = /<script|style="|(?:src|href)="(?:https?:)?\/\//.exec(text);
    check(`${name}: nothing that the content security policy forbids, and nothing from outside`, !outside, outside?.[0]);
  }
  check('its style sheet', (await ask('GET', '/api/docs/reference.css', { root: true })).status === 200, 'is not there');
  check('no other page', (await ask('GET', '/api/docs/nothing', { root: true })).status === 404, 'is there');
}

async function figures({ ask, expect, check }) {
  const open = await expect(200, 'GET', '/metrics', { what: 'OpenMetrics' });
  check('GET /metrics: its end', open.text.endsWith('\n# EOF\n'), open.text.slice(-40));
  const classic = await expect(200, 'GET', '/metrics', { headers: { accept: 'text/plain;version=0.0.4' }, what: 'the older form' });
  check('GET /metrics: compressed', (await ask('GET', '/metrics', { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'] === 'gzip', 'it is not');
  const names = new Set([...open.text.matchAll(/^(holdfast_[a-z0-9_]+)[ {]/gm)].map(([, name]) => name));
  const declared = new Set([...open.text.matchAll(/^# TYPE (\S+) (\S+)/gm)].map(([, name, type]) => name + { counter: '_total', info: '_info', gauge: '' }[type]));
  const dashboard = readFileSync(file('../../api/grafana.json'), 'utf8');
  for (const [name] of dashboard.matchAll(/holdfast_[a-z0-9_]+/g)) {
    check(`grafana.json: ${name}`, declared.has(name), 'there is no such figure');
  }
  for (const name of ['holdfast_service_up', 'holdfast_buffer_accepted_records_total', 'holdfast_sinks', 'holdfast_release_info']) {
    check(`GET /metrics: ${name}`, names.has(name), 'is missing');
  }
  if (out) {
    writeFileSync(join(out, 'metrics.open'), open.text);
    writeFileSync(join(out, 'metrics.classic'), classic.text);
  }
}

// Every kind of secret that a configuration has is set when the bundle is made.
async function bundle({ ask, expect, check, json }) {
  const { headers: { etag }, text } = await ask('GET', '/config');
  const before = JSON.parse(text);
  const secret = (what) => `s3cret-${what}-${process.pid}`;
  const sinks = [...before.sinks,
    { name: 'plant', type: 'mqtt', url: 'mqtt://127.0.0.1:9', user: 'gw', password: secret('mqtt'), topic: '{topic}' },
    { name: 'other', type: 'https', url: 'https://127.0.0.1:9/', token: secret('token'), header_name: 'X-Key', header_value: secret('header'), proxy: 'http://127.0.0.1:9', proxy_user: 'p', proxy_password: secret('proxy') }];
  const set = await expect(200, 'PATCH', '/config', { headers: { 'if-match': etag }, what: 'secrets',
    body: json({ sinks, registry: { user: 'gw', password: secret('registry') }, alarms: { webhook: { url: 'https://127.0.0.1:9/', token: secret('webhook') } } }) });
  check('PATCH /config (secrets): none is shown', !set.text.includes('s3cret-'), set.text);
  const export_ = await ask('GET', '/config');
  const back = await expect(200, 'PUT', '/config', { body: export_.text, headers: { 'if-match': '*' }, what: 'with masks' });
  check('PUT /config (with masks): keeps the secrets', back.headers.etag === set.headers.etag, `${back.headers.etag} ${set.headers.etag}`);
  const got = await expect(200, 'GET', '/diagnostics', { what: 'with secrets in the configuration' });
  if (out) writeFileSync(join(out, 'diagnostics.tar.gz'), got.bytes);
  await expect(200, 'PUT', '/config', { body: text, headers: { 'if-match': '*' }, what: 'without the secrets' });
  check('GET /diagnostics: the name of the file', /filename="holdfast-.*-diagnostics\.tar\.gz"/.test(got.headers['content-disposition']), got.headers['content-disposition']);
}

// Replaced whole: what was read puts the gateway back to where it was.
export async function wholeConfiguration({ ask, expect, check, json }, before) {
  const put = (status, body, what, more = {}) => expect(status, 'PUT', '/config', {
    body: typeof body === 'string' ? body : json(body), headers: { 'if-match': '*' }, what, ...more });
  const whole = JSON.parse(before.text);
  await put(428, before.text, 'without If-Match', { headers: {} });
  await put(412, before.text, 'of another one', { headers: { 'if-match': '"0"' } });
  await put(415, before.text, 'a patch', { headers: { 'if-match': '*', 'content-type': 'application/merge-patch+json' } });
  const wrong = await put(422, { ...whole, buffer: { ...whole.buffer, window_ms: -1 } }, 'out of range');
  check('PUT /config: pointer', JSON.parse(wrong.text).errors?.[0]?.pointer === '/buffer/window_ms', wrong.text);
  await put(422, { ...whole, registry: { ...whole.registry, password: '***' } }, 'a secret that is not there');
  await put(200, { name: 'other' }, 'dry run', { query: 'dry_run=true' });
  const { headers: { etag } } = await ask('GET', '/config');
  const same = await put(200, before.text, 'the same again');
  check('PUT /config: what was read changes nothing', same.headers.etag === etag, `${etag} ${same.headers.etag}`);
  const unchanged = await expect(304, 'GET', '/config', { headers: { 'if-none-match': etag }, what: 'known' });
  check('GET /config (known): its ETag', unchanged.headers.etag === etag, unchanged.headers.etag);
}

export async function conventions(kit) {
  await compression(kit);
  await pages(kit);
  await streams(kit);
  await problemPages(kit);
  await figures(kit);
  await bundle(kit);
  await waiting(kit);
  const known = await kit.ask('GET', '/openapi.yaml', { session: false });
  await kit.expect(304, 'GET', '/openapi.yaml', { headers: { 'if-none-match': known.headers.etag }, what: 'known' });
}
