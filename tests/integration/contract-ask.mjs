// SPDX-License-Identifier: Apache-2.0
// How the parts of contract.mjs ask a gateway, and hold what it answers against api/openapi.yaml.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const url = new URL(process.env.HF_URL ?? 'https://127.0.0.1:8443');
export const service = process.env.HF_SERVICE ?? 'forwarder';
const contractPath = fileURLToPath(new URL('../../api/openapi.yaml', import.meta.url));
export const contractText = readFileSync(contractPath, 'utf8');
export const contract = parse(contractText, { merge: true });
export const agent = new https.Agent({ rejectUnauthorized: false, keepAlive: true, maxSockets: 2 });

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
ajv.addSchema(contract, 'contract');

let passed = 0;
const failures = [];
let cookie = '';

export function check(what, ok, detail = '') {
  if (ok) passed += 1;
  else failures.push(`${what}: ${detail}`);
}

export function validate(what, pointer, value) {
  const fn = ajv.getSchema(`contract#${pointer}`);
  check(what, fn(value), JSON.stringify(fn.errors?.slice(0, 5)));
}

// What has been found so far.
export const findings = () => ({ passed, failures });

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
export function ask(method, path, { headers = {}, body, type, session = true, root = false, streamMs = 2500 } = {}) {
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

export const seen = new Set();

// Holds an answer against what the contract says about this operation.
export function hold(method, template, answer, what = '') {
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

export async function tryOut(method, template, options = {}) {
  let path = template.replace('{name}', options.name ?? service).replace('{id}', options.id ?? '0'.repeat(32)).replace('{n}', options.n ?? 1);
  if (options.query) path += `?${options.query}`;
  const [type] = Object.keys(contract.paths[template][method.toLowerCase()].requestBody?.content ?? {});
  const answer = await ask(method, path, { type, ...options });
  hold(method, template, answer, options.what);
  return answer;
}

export async function expect(status, method, template, options = {}) {
  const answer = await tryOut(method, template, options);
  check(`${method} ${template} (${options.what ?? 'plain'})`, answer.status === status,
    `${answer.status} instead of ${status}: ${answer.text.slice(0, 200)}`);
  return answer;
}

export const json = JSON.stringify;
export const operations = Object.entries(contract.paths).flatMap(([template, item]) =>
  ['get', 'post', 'put', 'patch', 'delete'].filter((m) => m in item).map((m) => ({ method: m.toUpperCase(), template, operation: item[m] })));
export const isPublic = ({ operation }) => operation.security?.length === 0;

export const cookieOf = (answer) => (answer.headers['set-cookie']?.[0] ?? '').split(';')[0];
export const takeCookie = (answer) => { cookie = cookieOf(answer); };
export const forgetCookie = () => { cookie = ''; };

// As somebody else for a while.
export async function withCookie(other, work) {
  const mine = cookie;
  cookie = other;
  try {
    await work();
  } finally {
    cookie = mine;
  }
}

export async function finished(location) {
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
