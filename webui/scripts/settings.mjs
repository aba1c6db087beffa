// SPDX-License-Identifier: Apache-2.0
// Writes src/api/settings.ts, from which forms are made: what ConfigPatch of api/openapi.yaml lets be set. --check
// only tells whether it is as it should be.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const contract = parse(readFileSync(new URL('../../api/openapi.yaml', import.meta.url), 'utf8'));
const target = fileURLToPath(new URL('../src/api/settings.ts', import.meta.url));

/** The short form of what is in sinks. */
const LEFT_OUT = new Set(['uplink']);
const SECRETS = new Set(['token', 'password', 'proxy_password']);

/** What a schema stands for where it may be null too. */
function whole(schema) {
  if (schema.$ref) {
    const place = schema.$ref.split('/').slice(1);
    return whole(place.reduce((at, name) => at[name], contract));
  }
  const some = (schema.oneOf ?? []).filter(({ type }) => type !== 'null');
  return some.length === 1 ? whole(some[0]) : schema;
}

const typeOf = ({ type }) => [type].flat().find((one) => one !== 'null');

/** holds: without it there is none of what it belongs to. */
function kindOf(name, schema, parent) {
  const type = typeOf(schema);
  if (type === 'boolean') return { kind: 'switch' };
  if (schema.enum) return { kind: 'choice', values: schema.enum.filter((one) => one !== null) };
  if (type === 'integer') return { kind: 'number', min: schema.minimum, max: schema.maximum };
  if (type === 'string' && SECRETS.has(name)) return { kind: 'secret' };
  if (type === 'string' && name.endsWith('_pem')) return { kind: 'lines' };
  if (type === 'string')
    return { kind: 'text', ...(parent?.required?.includes(name) ? { holds: true } : {}) };
  if (type !== 'array') return { kind: 'json' };
  const item = typeOf(whole(schema.items));
  if (item === 'number' && schema.maxItems === 2) return { kind: 'pair' };
  return { kind: item === 'string' ? 'texts' : 'json' };
}

function settingsOf(schema, path, parent) {
  const { properties, additionalProperties } = schema;
  const isGroup = typeOf(schema) === 'object' && properties && !additionalProperties;
  if (!isGroup) return [{ path, ...kindOf(path.at(-1), schema, parent) }];
  return Object.entries(properties)
    .filter(([name]) => !LEFT_OUT.has(name))
    .flatMap(([name, one]) => settingsOf(whole(one), [...path, name], schema));
}

const settings = settingsOf(whole(contract.components.schemas.ConfigPatch), []);
const literal = (value) =>
  Array.isArray(value)
    ? `[${value.map(literal).join(', ')}]`
    : typeof value === 'string'
      ? `'${value}'`
      : String(value);
const line = (setting) =>
  `  { ${Object.entries(setting)
    .map(([name, value]) => `${name}: ${literal(value)}`)
    .join(', ')} },`;
const text = `// SPDX-License-Identifier: Apache-2.0
// Made by scripts/settings.mjs from api/openapi.yaml: npm run types.
import type { Setting } from '../derive/setting';

export const SETTINGS: readonly Setting[] = [
${settings.map(line).join('\n')}
];
`;

if (!process.argv.includes('--check')) writeFileSync(target, text);
else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/api/settings.ts is not what api/openapi.yaml says: npm run types');
  process.exit(1);
}
