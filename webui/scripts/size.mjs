// SPDX-License-Identifier: Apache-2.0
// Prints what a first visit transfers, and fails where it has grown past the goal.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 60_000;
const dist = new URL('../dist', import.meta.url).pathname;
/** What index.html names comes at once, and the overview then draws its plots; the other chunks come with
 * the pages that need them. */
const index = readFileSync(join(dist, 'index.html'), 'utf8');
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
const total = { first: 0, plots: 0, later: 0 };

function whenOf(name) {
  if (name === 'index.html' || index.includes(`/${name}`)) return 'first';
  return name.startsWith('assets/plot-') ? 'plots' : 'later';
}

for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const size = gzipSync(readFileSync(path), { level: 9 }).length;
  const name = path.slice(dist.length + 1);
  const when = whenOf(name);
  total[when] += size;
  console.log(`${String(size).padStart(7)} ${name} (${when})`);
}
const { first, plots } = total;
console.log(
  `${String(first + plots).padStart(7)} bytes with gzip for the overview, of at most ${LIMIT}: ${first} at once, ${plots} for its plots`,
);
if (first + plots >= LIMIT) process.exit(1);
