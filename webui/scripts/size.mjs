// SPDX-License-Identifier: Apache-2.0
// Prints what a first visit transfers, and fails where it has grown past the goal.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 60_000;
const dist = new URL('../dist', import.meta.url).pathname;
/** What index.html names comes at once; the other chunks come with the pages that need them. */
const index = readFileSync(join(dist, 'index.html'), 'utf8');
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
let first = 0;

for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const size = gzipSync(readFileSync(path), { level: 9 }).length;
  const name = path.slice(dist.length + 1);
  const atOnce = name === 'index.html' || index.includes(`/${name}`);
  if (atOnce) first += size;
  console.log(`${String(size).padStart(7)} ${name}${atOnce ? '' : ' (later)'}`);
}
console.log(`${String(first).padStart(7)} bytes with gzip at once, of at most ${LIMIT}`);
if (first >= LIMIT) process.exit(1);
