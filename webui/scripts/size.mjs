// SPDX-License-Identifier: Apache-2.0
// Prints what a first visit transfers, and fails where it has grown past the goal.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT = 60_000;
const dist = new URL('../dist', import.meta.url).pathname;
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
let total = 0;

for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const size = gzipSync(readFileSync(path), { level: 9 }).length;
  total += size;
  console.log(`${String(size).padStart(7)} ${path.slice(dist.length + 1)}`);
}
console.log(`${String(total).padStart(7)} bytes with gzip, of at most ${LIMIT}`);
if (total >= LIMIT) process.exit(1);
