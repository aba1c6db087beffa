// SPDX-License-Identifier: Apache-2.0
// Makes the reference at /api/docs of api/openapi.yaml: pages without a script, which the program serves from itself.
//
//     node reference.mjs [OUT]       into dist/api/docs where OUT is not given
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, '../dist/api/docs');
const contract = parse(readFileSync(join(here, '../../api/openapi.yaml'), 'utf8'), { merge: true });
const methods = ['get', 'put', 'post', 'patch', 'delete'];

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text) => String(text).replace(/[&<>"]/g, (c) => entities[c]);

/** The little of Markdown that the contract has: paragraphs, `code`, **strong**. */
const inline = (text) =>
  escapeHtml(text)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');
const prose = (text) =>
  (text ?? '')
    .trim()
    .split(/\n\s*\n/)
    .filter(Boolean)
    .map((p) => `<p>${inline(p)}</p>`)
    .join('\n');

function follow(node) {
  if (!node?.$ref) return node;
  const found = node.$ref
    .slice(2)
    .split('/')
    .reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], contract);
  const { $ref, ...more } = node;
  return { ...follow(found), ...more };
}

/** The name of a schema that has a place of its own on the page. */
const nameOf = (schema) => /^#\/components\/schemas\/([^/]+)$/.exec(schema?.$ref ?? '')?.[1];
const link = (name) => `<a href="#schema-${name}">${name}</a>`;

function typeOf(schema) {
  if (!schema) return '';
  const name = nameOf(schema);
  if (name) return link(name);
  const s = follow(schema);
  const choices = s.oneOf ?? s.anyOf;
  if (choices) return choices.map(typeOf).join(' or ');
  if ('const' in s) return `<code>${escapeHtml(JSON.stringify(s.const))}</code>`;
  if (s.enum) return s.enum.map((v) => `<code>${escapeHtml(v)}</code>`).join(' ');
  const types = [s.type ?? 'anything'].flat();
  return types
    .map((t) => (t === 'array' ? `list of ${typeOf(s.items)}` : escapeHtml(t)))
    .join(' or ');
}

function limits(schema) {
  const s = follow(schema) ?? {};
  const words = {
    minimum: '≥',
    maximum: '≤',
    minLength: 'length ≥',
    maxLength: 'length ≤',
    maxItems: 'at most',
    default: 'default',
  };
  const parts = Object.entries(words)
    .filter(([key]) => key in s)
    .map(([key, word]) => `${word} ${escapeHtml(JSON.stringify(s[key]))}`);
  if (s.pattern) parts.push(`<code>${escapeHtml(s.pattern)}</code>`);
  if (s.format) parts.push(escapeHtml(s.format));
  return parts.join(', ');
}

const table = (rows) => (rows.length ? `<table>${rows.join('')}</table>` : '');
const row = (...cells) => `<tr>${cells.map((c) => `<td>${c ?? ''}</td>`).join('')}</tr>`;
const details = (schema, text) =>
  [inline(text ?? follow(schema)?.description ?? ''), limits(schema)].filter(Boolean).join(' · ');

/** The members of an object, those of objects within it by their path. */
function members(schema, prefix = '') {
  const s = follow(schema) ?? {};
  const required = new Set(s.required);
  const rows = [];
  for (const [name, member] of Object.entries(s.properties ?? {})) {
    const at = `${prefix}${name}`;
    rows.push(
      row(
        `<code>${escapeHtml(at)}</code>${required.has(name) ? '' : ' <span class="quiet">optional</span>'}`,
        typeOf(member),
        details(member),
      ),
    );
    if (nameOf(member)) continue;
    const inner = follow(member);
    if (inner.properties) rows.push(...members(inner, `${at}.`));
    else if (inner.items && !nameOf(inner.items)) rows.push(...members(inner.items, `${at}[].`));
  }
  if (s.additionalProperties && typeof s.additionalProperties === 'object') {
    rows.push(
      row(
        `<code>${escapeHtml(prefix)}…</code>`,
        typeOf(s.additionalProperties),
        details(s.additionalProperties),
      ),
    );
  }
  return rows;
}

const example = (value) =>
  `<pre>${escapeHtml(typeof value === 'string' ? value : JSON.stringify(value, null, 2))}</pre>`;

function body(content, title) {
  return Object.entries(content ?? {})
    .map(([type, media]) => {
      const examples = Object.values(media.examples ?? {}).map((e) => example(e.value));
      const inner = nameOf(media.schema) ? '' : table(members(media.schema));
      return `<h4>${title}: <code>${escapeHtml(type)}</code>${media.schema ? `, ${typeOf(media.schema)}` : ''}</h4>${inner}${examples.join('')}`;
    })
    .join('');
}

function responses(all) {
  const rows = Object.entries(all).map(([status, given]) => {
    const r = follow(given);
    const types = Object.entries(r.content ?? {}).map(
      ([type, media]) => `${typeOf(media.schema)} <span class="quiet">${escapeHtml(type)}</span>`,
    );
    const headers = Object.keys(r.headers ?? {}).map((h) => `<code>${escapeHtml(h)}</code>`);
    return row(
      `<code>${status}</code>`,
      inline(r.description),
      [...types, ...headers].join('<br>'),
    );
  });
  return `<h4>Answers</h4>${table(rows)}`;
}

function operation(path, item, method) {
  const op = item[method];
  const base = follow(item).servers?.[0]?.url ?? contract.servers[0].url;
  const parameters = [...(item.parameters ?? []), ...(op.parameters ?? [])].map(follow);
  const rows = parameters.map((p) =>
    row(
      `<code>${escapeHtml(p.name)}</code>${p.required ? '' : ' <span class="quiet">optional</span>'}`,
      `in ${p.in}`,
      typeOf(p.schema),
      details(p.schema, p.description),
    ),
  );
  return `<section class="card" id="${op.operationId}">
<h3><span class="method">${method.toUpperCase()}</span><code>${escapeHtml(base.replace(/\/$/, '') + path)}</code></h3>
<p><strong>${inline(op.summary)}</strong></p>
${prose(op.description)}
${rows.length ? `<h4>Parameters</h4>${table(rows)}` : ''}
${body(op.requestBody?.content, 'Body')}
${responses(op.responses)}
</section>`;
}

function schema([name, s]) {
  const rows = members(s);
  return `<section class="card" id="schema-${name}">
<h3>${name}</h3>
${prose(s.description)}
${rows.length ? table(rows) : `<p>${typeOf({ ...s })} <span class="quiet">${limits(s)}</span></p>`}
${(s.examples ?? []).map(example).join('')}
</section>`;
}

const page = (title, content, plain = false) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="/api/docs/reference.css">
</head>
<body${plain ? ' class="plain"' : ''}>
${content}
</body>
</html>
`;

const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  methods.filter((m) => m in item).map((m) => ({ path, item, method: m, op: item[m] })),
);
const ofTag = (tag) => operations.filter(({ op }) => op.tags[0] === tag);

function reference() {
  const menu = contract.tags
    .map(
      ({ name }) =>
        `<h2>${name}</h2><ul>${ofTag(name)
          .map(({ op }) => `<li><a href="#${op.operationId}">${inline(op.summary)}</a></li>`)
          .join('')}</ul>`,
    )
    .join('\n');
  const parts = contract.tags
    .map(
      ({ name, description }) =>
        `<h2>${name}</h2>${prose(description)}${ofTag(name)
          .map(({ path, item, method }) => operation(path, item, method))
          .join('\n')}`,
    )
    .join('\n');
  return page(
    contract.info.title,
    `<nav aria-label="Operations"><a href="/">Dashboard</a><a href="/api/v1/openapi.yaml">openapi.yaml</a><a href="/api/docs/problems">Problems</a>
${menu}<h2>Shapes</h2><ul>${Object.keys(contract.components.schemas)
      .map((n) => `<li>${link(n)}</li>`)
      .join('')}</ul></nav>
<main><h1>${escapeHtml(contract.info.title)}</h1><p>${inline(contract.info.summary)}</p>${prose(contract.info.description)}
${parts}<h2>Shapes</h2>${Object.entries(contract.components.schemas).map(schema).join('\n')}</main>`,
  );
}

const slug = (title) => title.toLowerCase().replaceAll(' ', '-');

function problems() {
  const all = contract['x-problems'].map(
    ({ status, title, meaning, advice }) => `<section class="card" id="${slug(title)}">
<h3><span class="method">${status}</span>${escapeHtml(title)}</h3>
${prose(meaning)}${prose(advice)}
</section>`,
  );
  return page(
    'Problems',
    `<main><p><a href="/api/docs">Reference</a></p><h1>Problems</h1>${all.join('\n')}</main>`,
    true,
  );
}

mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'index.html'), reference());
writeFileSync(join(out, 'problems.html'), problems());
writeFileSync(
  join(out, 'reference.css'),
  ['../src/style/tokens.css', 'reference.css']
    .map((name) => readFileSync(join(here, name), 'utf8'))
    .join('\n'),
);
