// SPDX-License-Identifier: Apache-2.0
// The documented answers that contract.mjs cannot bring about on a gateway that is well, one by one, and the test that does
// (elsewhere.txt). What is listed and is produced after all is an error in contract.mjs, so that the list stays true.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const lines = readFileSync(file('tests/integration/elsewhere.txt'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#'));
const listed = new Map(lines.map((line) => {
  const [method, path, status, source, test] = line.split(/ +/);
  return [`${method} ${path} ${status}`, { source, test }];
}));

// Where a documented status is tested that needs a fault; undefined for what has to come about here.
export const elsewhere = (name) => listed.get(name)?.source;

// Each line is of an answer that the contract has, and names a test that is there and run.
export function listIsTrue(contract, check) {
  check('elsewhere.txt: no line twice', listed.size === lines.length, `${lines.length} lines, ${listed.size} answers`);
  for (const [name, { source, test }] of listed) {
    const [method, path, status] = name.split(' ');
    check(`elsewhere.txt: ${name} is documented`, status in (contract.paths[path]?.[method.toLowerCase()]?.responses ?? {}), 'it is not');
    const text = readFileSync(file(source), 'utf8');
    if (source.endsWith('/test_api_faults.c')) continue; // which reads the list itself
    const is = source.endsWith('.sh') ? new RegExp(`^check (.* )?${test}( |$)`, 'm') : new RegExp(`[(]\\s*${test}[,)]`);
    check(`elsewhere.txt: ${name}: ${source} has a test ${test}`, is.test(text), 'it has not');
  }
}
