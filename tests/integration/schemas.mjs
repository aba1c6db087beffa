#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The JSON Schemas in api/ against their examples, against what ./dev release wrote, and against
// what holdfastd refuses.
//
//     node schemas.mjs RELEASE.json...
import { readFileSync } from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
addFormats(ajv);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const api = (name) => read(new URL(`../../api/${name}`, import.meta.url));
const failures = [];
let passed = 0;

function check(what, ok, detail) {
  if (ok) passed += 1;
  else failures.push(`${what}: ${JSON.stringify(detail)}`);
}

function fits(schema, what, value) {
  check(what, schema(value), schema.errors?.slice(0, 5));
}

const provision = ajv.compile(api('provision.schema.json'));
fits(provision, 'provision.example.json', api('provision.example.json'));
// tests/unit/provision/test_faults.c has holdfastd refuse the same.
for (const [what, more] of Object.entries({
  'a member that is misspelt': { nmae: 'x' },
  'a router by DHCP': { network: { interfaces: [{ router: '192.0.2.1' }] } },
  'no interfaces': { network: { interfaces: [] } },
  'an interface outside': { network: { interfaces: [{ name: '../x' }] } },
  'a time zone outside': { time: { zone: '../../etc/passwd' } },
  'an SSH key with options': { ssh: { keys: ['no-pty ssh-ed25519 AAAAC3Nz me@desk'] } },
  'a private SSH key': { ssh: { keys: ['-----BEGIN OPENSSH PRIVATE KEY-----'] } },
  'a bundle outside': { release: { bundle: '../x' } },
  'a device without a password': { device_accounts: [{ name: 'd' }] },
  'a key that is none': { stick_keys: ['x'] },
})) check(what, !provision({ format: 1, ...more }), 'it is taken');
const recovery = ajv.compile(api('recovery.schema.json'));
fits(recovery, 'a recovery by code', { format: 1, gateway: 'hf-1a2b3c4d', setup_code: '7KQM-X3PA-92HV' });
check('a recovery by nothing', !recovery({ format: 1 }), 'it is taken');
check('a recovery by both', !recovery({ format: 1, setup_code: '7KQM-X3PA-92HV', admin: { password_hash: `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}` } }), 'it is taken');
const release = ajv.compile(api('release.schema.json'));
const example = api('release.example.json');
fits(release, 'release.example.json', example);
for (const path of process.argv.slice(2)) fits(release, path, read(path));

// tests/unit/model/test_release.c has holdfastd refuse the same.
const wrong = {
  'a floating tag': (r) => { r.services.broker.tag = 'latest'; },
  'no tag': (r) => { delete r.services.broker.tag; },
  'a tag of two parts': (r) => { r.services.broker.tag = '2.0'; },
  'a tag in the repository': (r) => { r.services.broker.repository += ':1.0.0'; },
  'a registry in the repository': (r) => { r.services.broker.repository = 'ghcr.io/holdfast/broker'; },
  'localhost in the repository': (r) => { r.services.broker.repository = 'localhost/broker'; },
  'no repository': (r) => { r.services.broker.repository = ''; },
  'no config digest': (r) => { delete r.services.broker.platforms.amd64.config; },
  'a digest cut short': (r) => { r.services.broker.platforms.amd64.manifest = 'sha256:12'; },
  'no layers': (r) => { r.services.broker.platforms.amd64.layers = []; },
  'an empty layer': (r) => { r.services.broker.platforms.amd64.layers[0].size = 0; },
  'an unknown platform': (r) => { r.services.broker.platforms.mips = r.services.broker.platforms.amd64; },
  'a service missing': (r) => { delete r.services.buffer; },
  'an own service without limits': (r) => { delete r.services['modbus-adapter'].limits; },
  'own limits without memory': (r) => { delete r.services['modbus-adapter'].limits.memory_bytes; },
  'a name that is taken': (r) => { r.services['bus'] = r.services['modbus-adapter']; },
  'an unknown limit': (r) => { r.services.buffer.limits.swap = 1; },
  'an unknown member': (r) => { r.signed = true; },
  'no counter': (r) => { delete r.counter; },
  'counter 0': (r) => { r.counter = 0; },
  'a broken counter': (r) => { r.counter = 1.5; },
  'another format': (r) => { r.format = 2; },
  'a version of two parts': (r) => { r.version = '1.2'; },
  'a version with build metadata': (r) => { r.version = '1.2.3+b'; },
  'a local time': (r) => { r.created = '2026-11-24T03:01:33+01:00'; },
  'a bell in the notes': (r) => { r.notes = 'a\u0007b'; },
};
for (const [what, change] of Object.entries(wrong)) {
  const copy = structuredClone(example);
  change(copy);
  check(what, !release(copy), 'was taken');
}

for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`schemas: ${passed} passed, ${failures.length} failed`);
process.exit(failures.length ? 1 : 0);
