// SPDX-License-Identifier: Apache-2.0
// Prints what a first visit transfers, and fails where it has grown past the goal.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 45_000;
const REQUESTS = 6;
const dist = new URL('../dist', import.meta.url).pathname;
/** What index.html names comes at once, with claim, login and overview in it; the other chunks come with
 * the pages that need them. */
const index = readFileSync(join(dist, 'index.html'), 'utf8');
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
const first = { size: 0, requests: 0 };

for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const size = gzipSync(readFileSync(path), { level: 9 }).length;
  const name = path.slice(dist.length + 1);
  const isFirst = name === 'index.html' || index.includes(`/${name}`);
  if (isFirst) {
    first.size += size;
    first.requests++;
  }
  console.log(`${String(size).padStart(7)} ${name} (${isFirst ? 'first' : 'later'})`);
}
console.log(
  `${String(first.size).padStart(7)} bytes with gzip for the overview, of at most ${LIMIT}, in ${first.requests} requests, of at most ${REQUESTS}`,
);
if (first.size >= LIMIT || first.requests > REQUESTS) process.exit(1);
