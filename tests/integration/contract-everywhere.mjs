// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs that asks every operation the same: what must be refused, and methods.
import { ask, check, contract, expect, isPublic, operations, service, validate } from './contract-ask.mjs';

// What must be refused before anything else is looked at, on every operation.
export async function refuseEverywhere() {
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
export async function wrongBodies({ method, template, operation }, common) {
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

export async function methods() {
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
