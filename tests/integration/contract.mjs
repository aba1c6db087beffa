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
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { access } from './contract-access.mjs';
import { backups } from './contract-backup.mjs';
import { conventions, routesAreThose, wholeConfiguration } from './conventions.mjs';
import { elsewhere } from './elsewhere.mjs';

const url = new URL(process.env.HF_URL ?? 'https://127.0.0.1:8443');
const setupCode = process.env.HF_SETUP_CODE;
const password = process.env.HF_PASSWORD ?? 'contract-test-password';
const service = process.env.HF_SERVICE ?? 'forwarder';
const contractPath = fileURLToPath(new URL('../../api/openapi.yaml', import.meta.url));
const contractText = readFileSync(contractPath, 'utf8');
const contract = parse(contractText, { merge: true });
const agent = new https.Agent({ rejectUnauthorized: false, keepAlive: true, maxSockets: 2 });

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
ajv.addSchema(contract, 'contract');

let passed = 0;
const failures = [];
let cookie = '';

function check(what, ok, detail = '') {
  if (ok) passed += 1;
  else failures.push(`${what}: ${detail}`);
}

function validate(what, pointer, value) {
  const fn = ajv.getSchema(`contract#${pointer}`);
  check(what, fn(value), JSON.stringify(fn.errors?.slice(0, 5)));
}

const escape = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');

// What the operation takes.
function typeFor(method, path) {
  const at = path.split('?')[0];
  const item = contract.paths[at] ?? Object.entries(contract.paths).find(([t]) => new RegExp(`^${t.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(at))?.[1];
  return Object.keys(item?.[method.toLowerCase()]?.requestBody?.content ?? { 'application/json': 0 })[0];
}

// Most are below /api/v1; some stand beside it.
const base = (path) => (contract.paths[path.split('?')[0]]?.servers?.[0].url === '/' ? '' : '/api/v1');

// Asks once; resolves with the whole answer, or for a stream with what came within streamMs.
function ask(method, path, { headers = {}, body, type, session = true, root = false, streamMs = 2500 } = {}) {
  const all = { ...headers };
  if (session && cookie) all.cookie = cookie;
  if (body !== undefined && !('content-type' in all)) {
    all['content-type'] = type ?? typeFor(method, path);
  }
  if (body !== undefined && !('content-length' in headers)) all['content-length'] = Buffer.byteLength(body);
  const options = { method, path: `${root ? '' : base(path)}${path}`, host: url.hostname, port: url.port || 443, headers: all, agent };
  return new Promise((resolve, reject) => {
    const request = https.request(options, (response) => {
      const chunks = [];
      let timer;
      const done = () => {
        clearTimeout(timer);
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, bytes, text: bytes.toString('utf8') });
      };
      response.on('data', (chunk) => { chunks.push(chunk); });
      response.on('end', done);
      response.on('error', done);
      if (response.headers['content-type'] === 'text/event-stream') {
        timer = setTimeout(() => { done(); request.destroy(); }, streamMs);
      }
    });
    request.on('error', reject);
    request.end(body);
  });
}

function resolveRef(node, pointer) {
  if (!node?.$ref) return [node, pointer];
  const target = node.$ref.slice(1);
  return [target.slice(1).split('/').reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], contract), target];
}

function checkEvents(what, text, mediaPointer, names) {
  const events = text.split('\n\n').slice(0, -1).filter((block) => /^data: /m.test(block));
  check(`${what}: events`, events.length > 0, 'none came');
  for (const block of events) {
    const name = /^event: (.*)$/m.exec(block)?.[1];
    check(`${what}: event name`, names.includes(name), name);
    if (name === 'end') continue;
    const own = { state: 'State', change: 'Change', missed: 'Missed' }[name];
    validate(`${what}: ${name}`, own ? `/components/schemas/${own}` : `${mediaPointer}/schema/contentSchema`, JSON.parse(/^data: (.*)$/m.exec(block)[1]));
  }
}

// A line is a record without its lane.
function checkLines(what, text) {
  check(`${what}: whole lines`, text === '' || text.endsWith('\n'), text.slice(-80));
  for (const line of text.split('\n').slice(0, -1)) {
    const record = JSON.parse(line);
    check(`${what}: a line has no lane`, !('lane' in record), line);
    validate(`${what}: a line`, '/components/schemas/Record', { ...record, lane: 'normal' });
  }
}

const seen = new Set();

// Holds an answer against what the contract says about this operation.
function hold(method, template, answer, what = '') {
  const name = `${method} ${template}${what && ` (${what})`} → ${answer.status}`;
  const lower = method.toLowerCase();
  const responses = contract.paths[template][lower].responses;
  check(`${name}: documented`, String(answer.status) in responses, 'it is not');
  for (const header of ['content-security-policy', 'x-content-type-options', 'cache-control']) {
    check(`${name}: ${header}`, header in answer.headers, 'missing');
  }
  check(`${name}: no CORS`, !Object.keys(answer.headers).some((h) => h.startsWith('access-control-')), 'it has');
  if (!(String(answer.status) in responses)) return;
  seen.add(`${method} ${template} ${answer.status}`);
  const [response, pointer] = resolveRef(
    responses[answer.status], `/paths/${escape(template)}/${lower}/responses/${answer.status}`);
  for (const [header, value] of Object.entries(response.headers ?? {})) {
    const [definition] = resolveRef(value, '');
    if (definition.required) check(`${name}: ${header}`, header.toLowerCase() in answer.headers, 'missing');
  }
  if (!response.content) {
    check(`${name}: no body`, answer.text === '', answer.text.slice(0, 80));
    return;
  }
  const type = answer.headers['content-type'];
  check(`${name}: content type`, type in response.content, type);
  if (!(type in response.content)) return;
  const media = `${pointer}/content/${escape(type)}`;
  if (type === 'text/event-stream') checkEvents(name, answer.text, media, ['state', 'change', 'missed', 'line', 'end']);
  else if (type === 'application/x-ndjson') checkLines(name, answer.text);
  else if (type.endsWith('json')) validate(`${name}: body`, `${media}/schema`, JSON.parse(answer.text));
}

async function tryOut(method, template, options = {}) {
  let path = template.replace('{name}', options.name ?? service).replace('{id}', options.id ?? '0'.repeat(32)).replace('{n}', options.n ?? 1);
  if (options.query) path += `?${options.query}`;
  const [type] = Object.keys(contract.paths[template][method.toLowerCase()].requestBody?.content ?? {});
  const answer = await ask(method, path, { type, ...options });
  hold(method, template, answer, options.what);
  return answer;
}

async function expect(status, method, template, options = {}) {
  const answer = await tryOut(method, template, options);
  check(`${method} ${template} (${options.what ?? 'plain'})`, answer.status === status,
    `${answer.status} instead of ${status}: ${answer.text.slice(0, 200)}`);
  return answer;
}

const json = JSON.stringify;
const operations = Object.entries(contract.paths).flatMap(([template, item]) =>
  ['get', 'post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => ({ method: m.toUpperCase(), template, operation: item[m] })));
const isPublic = ({ operation }) => operation.security?.length === 0;

// What must be refused before anything else is looked at, on every operation.
async function refuseEverywhere() {
  for (const one of operations) {
    const { method, template, operation } = one;
    const body = operation.requestBody ? '{}' : undefined;
    // What needs a session is refused before its body is looked at; those are tried with one, in use().
    const common = { session: false, body };
    await expect(421, method, template, { ...common, headers: { host: 'evil.example' }, what: 'foreign host' });
    await expect(403, method, template, { ...common, headers: { 'sec-fetch-site': 'cross-site' }, what: 'foreign site' });
    if (method !== 'GET') {
      await expect(403, method, template, { ...common, headers: { origin: 'https://evil.example' }, what: 'foreign origin' });
    }
    if (!isPublic(one)) await expect(401, method, template, { ...common, what: 'no session' });
    if (isPublic(one) && !operation.requestBody) {
      await expect(400, method, template, { session: false, body: '{}', what: 'body where none is' });
      await expect(400, method, template, { session: false, query: 'nonsense=1', what: 'unknown parameter' });
    }
    if (isPublic(one)) await wrongBodies(one, common);
  }
}

// Every way of sending a body wrongly that does not depend on the operation.
async function wrongBodies({ method, template, operation }, common) {
  if (!operation.requestBody) return;
  if ('application/octet-stream' in operation.requestBody.content) {
    await expect(415, method, template, { ...common, body: '{}', headers: { 'content-type': 'application/json' }, what: 'not a file' });
    return;
  }
  if ('text/csv' in operation.requestBody.content) {
    await expect(415, method, template, { ...common, body: '{}', headers: { 'content-type': 'application/json' }, what: 'not a table' });
    return;
  }
  const headers = ['PATCH', 'PUT'].includes(method) ? { 'if-match': '*' } : {};
  const wrong = (status, body, what) => expect(status, method, template, { ...common, headers, body, what });
  await expect(415, method, template, { ...common, body: '{}', headers: { 'content-type': 'text/plain' }, what: 'not JSON' });
  await wrong(400, '{', 'broken JSON');
  await wrong(400, '{} x', 'trailing bytes');
  await wrong(400, '['.repeat(10000), 'nested arrays');
  await wrong(413, ' '.repeat(70000), 'large body');
  await wrong(422, '{"nonsense":1}', 'unknown field');
}

async function methods() {
  for (const [template, item] of Object.entries(contract.paths)) {
    const path = template.replace('{name}', service).replace('{id}', '0'.repeat(32)).replace('{n}', 1);
    const options = await ask('OPTIONS', path, { session: false });
    check(`OPTIONS ${template}`, options.status === 204, options.status);
    const allow = (options.headers.allow ?? '').split(', ');
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const documented = method.toLowerCase() in item;
      check(`${method} ${template}: Allow`, allow.includes(method) === documented, options.headers.allow);
    }
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((m) => !(m.toLowerCase() in item))) {
      const refused = await ask(method, path, { session: false });
      check(`${method} ${template}`, refused.status === 405 && 'allow' in refused.headers, refused.status);
      validate(`${method} ${template}: body`, '/components/schemas/Problem', JSON.parse(refused.text));
    }
    if ('get' in item) {
      const head = await ask('HEAD', path);
      check(`HEAD ${template}`, head.text === '' && (head.status in item.get.responses), head.status);
    }
  }
  const unknown = await ask('GET', '/nothing');
  check('GET /nothing', unknown.status === 404, unknown.status);
  validate('GET /nothing: body', '/components/schemas/Problem', JSON.parse(unknown.text));
}

const cookieOf = (answer) => (answer.headers['set-cookie']?.[0] ?? '').split(';')[0];
const takeCookie = (answer) => { cookie = cookieOf(answer); };

// As somebody else for a while.
async function withCookie(other, work) {
  const mine = cookie;
  cookie = other;
  try {
    await work();
  } finally {
    cookie = mine;
  }
}

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

async function finished(location) {
  if (!location) return 'never begun';
  for (let i = 0; i < 120; i += 1) {
    const one = await ask('GET', location.replace('/api/v1', ''));
    hold('GET', '/operations/{id}', one, 'of a command');
    const { state } = JSON.parse(one.text);
    if (state === 'succeeded' || state === 'failed') return state;
    await new Promise((r) => { setTimeout(r, 500); });
  }
  return 'never finished';
}

// Changed, refused and put back as it was; the services take it while they run.
async function configuration() {
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
  await wholeConfiguration(kit, before);
  await patch(422, { own: { ports: [0] } }, 'a port that is none', { headers: { 'if-match': '*' } });
  const audit = await expect(200, 'GET', '/audit', { query: 'limit=1', what: 'newest' });
  const { entries: [newest], next } = JSON.parse(audit.text);
  check('GET /audit: the change', newest?.who === 'admin' && newest.from === '127.0.0.1' && /^changed the configuration/.test(newest.what), audit.text);
  await expect(200, 'GET', '/audit', { query: `limit=5&cursor=${next}`, what: 'next page' });
  await expect(400, 'GET', '/audit', { query: 'cursor=x', what: 'bad cursor' });
  await expect(400, 'GET', '/audit', { query: 'from=yesterday', what: 'bad time' });
  const day = newest?.at.slice(0, 10);
  for (const [query, some] of [
    ['who=admin&text=CONFIGURATION&limit=1', true],
    [`from=${day}T00:00:00Z&limit=1`, true],
    ['who=nobody', false],
    ['text=no%20such%20thing', false],
    [`to=${day}T00:00:00Z`, false],
  ]) {
    const found = await expect(200, 'GET', '/audit', { query, what: query });
    check(`GET /audit: ${query}`, JSON.parse(found.text).entries.length > 0 === some, found.text);
  }
  await revisions();
}

const pages = ['/buffer/records', '/quarantine', '/devices'];

// The services are there, and have what devices published before.
async function everySide() {
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

async function deviceAccounts() {
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

async function recordPath() {
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

// A release that differs from the one that runs in nothing but its name and time: no service changes, so nothing is
// switched, and all that is asked can be asked in the time of a gate.
async function releases() {
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

async function sources() {
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

async function scan() {
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

async function leave() {
  await expect(204, 'POST', '/logout');
  await expect(401, 'GET', '/session', { what: 'after logout' });
  await expect(401, 'GET', '/events', { what: 'after logout' });
  cookie = '';
  await expect(401, 'POST', '/login', { body: json({ user: 'admin', password: 'wrong password' }), what: 'wrong password' });
  let last;
  for (let i = 0; i < 12 && last?.status !== 429; i += 1) {
    last = await tryOut('POST', '/login', { body: json({ user: 'admin', password: 'wrong password' }), what: 'guessing' });
  }
  check('guessing is slowed down', last.status === 429, last.status);
}

routesAreThose(contract, check);
await methods();
await refuseEverywhere();
await enter();
await methods();
await use();
await restoreIt();
await leave();
agent.destroy();

for (const { method, template, operation } of operations) {
  for (const status of Object.keys(operation.responses)) {
    const name = `${method} ${template} ${status}`;
    const reason = elsewhere(method, template, status);
    if (seen.has(name)) check(`${name}: it is produced, and elsewhere.mjs says that only a fault does`, !reason, reason);
    else check(`${name}: produced`, reason, 'nothing here makes it, and elsewhere.mjs does not say where it is tested');
  }
}
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`contract: ${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
