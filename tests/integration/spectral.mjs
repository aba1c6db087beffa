// SPDX-License-Identifier: Apache-2.0
// Spectral's recommended rules for OpenAPI over api/openapi.yaml, warnings as errors. (Redocly's are in webui/scripts/lint-contract.mjs.)
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import core from '@stoplight/spectral-core';
import parsers from '@stoplight/spectral-parsers';
import rulesets from '@stoplight/spectral-rulesets';

const source = process.argv[2] ?? fileURLToPath(new URL('../../api/openapi.yaml', import.meta.url));
const spectral = new core.Spectral();
spectral.setRuleset({ extends: [rulesets.oas] });
const found = await spectral.run(new core.Document(readFileSync(source, 'utf8'), parsers.Yaml, source));
for (const f of found) console.log(`${f.range.start.line + 1}: ${f.code}: ${f.message} (${f.path.join('/')})`);
console.log(`spectral: ${Object.keys(spectral.ruleset.rules).length} rules, ${found.length} found`);
process.exit(found.length ? 1 : 0);
