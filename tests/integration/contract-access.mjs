// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about who may get in: users, their sessions, tokens and the certificate.
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const json = JSON.stringify;

// What openssl makes: a certificate of a plant's own authority, and the authority's.
function siteCertificate() {
  const dir = mkdtempSync(join(tmpdir(), 'hf-contract-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  openssl('req', '-x509', ...ec, '-subj', '/CN=Plant CA', '-keyout', 'ca.key', '-out', 'ca.pem');
  openssl('req', '-x509', ...ec, '-subj', '/CN=gw7', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-keyout', 'gw.key', '-out', 'gw.pem',
    '-addext', 'subjectAltName=DNS:gw7.plant.example,IP:127.0.0.1', '-addext', 'basicConstraints=critical,CA:FALSE');
  const read = (name) => readFileSync(join(dir, name), 'utf8');
  const made = { certificate: read('gw.pem') + read('ca.pem'), key: read('gw.key'), otherKey: read('ca.key') };
  rmSync(dir, { recursive: true });
  return made;
}

function fingerprintOf(pem) {
  return `SHA256:${new X509Certificate(pem).fingerprint256}`;
}

export async function access({ ask, expect, tryOut, check, password, withCookie, cookieOf }) {
  const bearer = (token) => ({ session: false, headers: { authorization: `Bearer ${token}` } });

  async function users() {
    const ann = { name: 'ann', password: 'a battery of ann', role: 'operator' };
    await expect(201, 'POST', '/users', { body: json(ann) });
    await expect(409, 'POST', '/users', { body: json(ann), what: 'again' });
    for (const wrong of [{ name: 'A n n' }, { password: 'short' }, { role: 'king' }]) {
      await expect(422, 'POST', '/users', { body: json({ ...ann, name: 'bob', ...wrong }), what: json(wrong) });
    }
    await expect(200, 'GET', '/users', { what: 'with two' });
    await expect(200, 'GET', '/users/{name}', { name: 'ann' });
    const login = await expect(200, 'POST', '/login', { session: false, body: json({ user: 'ann', password: ann.password }), what: 'ann' });
    await withCookie(cookieOf(login), async () => {
      await expect(200, 'GET', '/sessions', { what: 'of ann' });
      await expect(403, 'GET', '/users', { what: 'by an operator' });
      await expect(403, 'POST', '/tokens', { body: json({ name: 'x', role: 'admin', days: 1 }), what: 'above the own role' });
      await expect(403, 'POST', '/password', { body: json({ current: 'x', new: 'a new battery' }), what: 'wrong' });
      await expect(422, 'POST', '/password', { body: json({ current: ann.password, new: 'short' }), what: 'weak' });
      await expect(204, 'POST', '/password', { body: json({ current: ann.password, new: 'a new battery' }) });
      await expect(200, 'GET', '/session', { what: 'after another password' });
      await expect(403, 'POST', '/session/reauth', { body: json({ password: 'x' }), what: 'wrong' });
      await expect(403, 'POST', '/users', { body: json(ann), what: 'by an operator' });
      await expect(204, 'POST', '/session/reauth', { body: json({ password: 'a new battery' }) });
    });
    const { entries: [role, guess] } = JSON.parse((await expect(200, 'GET', '/audit', { query: 'who=ann&result=refused&limit=2', what: 'refused' })).text);
    check('GET /audit: who has not the role', /^tried, as operator, POST \/api\/v1\/users: /.test(role?.what) && role.problem === '/api/docs/problems#forbidden', json(role));
    check('GET /audit: a wrong password at a dangerous action', /^wrong password from /.test(guess?.what) && guess.problem === role.problem, json(guess));
    await withCookie(cookieOf(login), async () => {
      const other = await expect(200, 'POST', '/login', { session: false, body: json({ user: 'ann', password: 'a new battery' }), what: 'ann again' });
      await expect(204, 'DELETE', '/sessions');
      await withCookie(cookieOf(other), () => expect(401, 'GET', '/session', { what: 'ended by the other one' }));
    });
    await expect(200, 'PATCH', '/users/{name}', { name: 'ann', body: json({ role: 'viewer' }) });
    await withCookie(cookieOf(login), () => expect(401, 'GET', '/session', { what: 'after another role' }));
    await expect(200, 'PATCH', '/users/{name}', { name: 'ann', body: json({ disabled: true }), what: 'disabled' });
    await expect(404, 'PATCH', '/users/{name}', { name: 'bob', body: '{}', what: 'unknown' });
    await expect(409, 'PATCH', '/users/{name}', { name: 'admin', body: json({ disabled: true }), what: 'the last admin' });
    await expect(409, 'DELETE', '/users/{name}', { name: 'admin', what: 'the last admin' });
    await expect(204, 'DELETE', '/users/{name}', { name: 'ann' });
    await expect(404, 'DELETE', '/users/{name}', { name: 'ann', what: 'again' });
  }

  async function sessions() {
    const login = await expect(200, 'POST', '/login', { session: false, body: json({ user: 'admin', password }), what: 'elsewhere' });
    const list = JSON.parse((await expect(200, 'GET', '/sessions', { what: 'two' })).text).sessions;
    check('GET /sessions: one is current', list.filter((s) => s.current).length === 1, json(list));
    const other = list.find((s) => !s.current);
    check('GET /sessions: from where', other?.address === '127.0.0.1', json(list));
    await expect(204, 'DELETE', '/sessions/{id}', { id: other.id });
    await expect(404, 'DELETE', '/sessions/{id}', { id: other.id, what: 'again' });
    await withCookie(cookieOf(login), () => expect(401, 'GET', '/session', { what: 'revoked' }));
  }

  async function tokens() {
    const made = JSON.parse((await expect(201, 'POST', '/tokens', { body: json({ name: 'ci', role: 'operator', days: 1 }) })).text);
    await expect(409, 'POST', '/tokens', { body: json({ name: 'ci', role: 'viewer', days: 1 }), what: 'again' });
    for (const wrong of [{ name: 'a b' }, { role: 'king' }, { days: 0 }, { days: 3651 }]) {
      await expect(422, 'POST', '/tokens', { body: json({ name: 'x', role: 'viewer', days: 1, ...wrong }), what: json(wrong) });
    }
    const session = JSON.parse((await expect(200, 'GET', '/session', { ...bearer(made.token), what: 'token' })).text);
    check('GET /session by a token', session.user === 'admin' && session.role === 'operator', json(session));
    const foreign = { ...bearer(made.token).headers, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    await expect(404, 'DELETE', '/tokens/{id}', { session: false, headers: foreign, what: 'needs no Origin' });
    await expect(409, 'POST', '/session/reauth', { ...bearer(made.token), body: json({ password }), what: 'by a token' });
    await expect(403, 'GET', '/users', { ...bearer(made.token), what: 'by a token of an operator' });
    await expect(200, 'GET', '/events', { ...bearer(made.token), what: 'by a token' });
    const listed = JSON.parse((await expect(200, 'GET', '/tokens', { what: 'with one' })).text).tokens;
    check('GET /tokens: last use', listed[0]?.used !== null && !('token' in listed[0]), json(listed));
    await expect(204, 'DELETE', '/tokens/{id}', { id: made.id });
    await expect(401, 'GET', '/session', { ...bearer(made.token), what: 'revoked token' });
    let last;
    for (let i = 0; i < 12 && last?.status !== 429; i += 1) last = await tryOut('GET', '/tokens', { ...bearer(made.token), what: 'wrong token' });
    check('wrong tokens are slowed down', last.status === 429 && last.headers['www-authenticate'] === 'Bearer', last.status);
  }

  async function certificate() {
    const own = JSON.parse((await expect(200, 'GET', '/certificate', { what: 'own' })).text);
    const site = siteCertificate();
    const ca = await expect(200, 'GET', '/certificate/ca', { session: false });
    check('GET /certificate/ca: a certificate', ca.text.startsWith('-----BEGIN CERTIFICATE-----'), ca.text);
    check('GET /certificate/ca: its fingerprint', fingerprintOf(ca.text) === own.ca.fingerprint, json(own.ca));
    await expect(404, 'DELETE', '/certificate', { what: 'the own one' });
    await expect(422, 'PUT', '/certificate', { body: json({ certificate: site.certificate, key: site.otherKey }), what: 'another key' });
    await expect(422, 'PUT', '/certificate', { body: json({ certificate: 'x', key: site.key }), what: 'no certificate' });
    const put = JSON.parse((await expect(200, 'PUT', '/certificate', { body: json({ certificate: site.certificate, key: site.key }) })).text);
    check('PUT /certificate', put.source === 'site' && put.names[0] === 'gw7.plant.example', json(put));
    const claim = await expect(200, 'GET', '/claim', { headers: { host: 'gw7.plant.example' }, what: 'by a name of the certificate' });
    check('GET /claim: fingerprint', JSON.parse(claim.text).fingerprint === put.fingerprint, claim.text);
    const back = JSON.parse((await expect(200, 'DELETE', '/certificate')).text);
    check('DELETE /certificate', back.fingerprint === own.fingerprint && back.source === 'own', json(back));
    const after = await ask('GET', '/claim', { headers: { host: 'gw7.plant.example' } });
    check('GET /claim: no name of the gateway any more', after.status === 421, after.status);
  }

  await users();
  await sessions();
  await tokens();
  await certificate();
}
