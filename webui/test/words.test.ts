// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { wordsIn } from './words';

const programs: Record<string, string> = import.meta.glob(
  [
    '../src/app.tsx',
    '../src/{api,derive,pages,parts,state}/**/*.{ts,tsx}',
    '!../src/api/schema.ts',
  ],
  { query: '?raw', import: 'default', eager: true },
);
/** Programs for devices; what style sheets are asked; the rest is still to be moved. */
const LATER =
  /\/(pages\/(overview|claim)|parts\/(path|plot)|derive\/(claim|password|path|snippets|tone))\.tsx?$/;

describe('words that people read', () => {
  // It reads them all: on a busy computer that takes a while.
  it('stand in src/text alone', { timeout: 120_000 }, () => {
    const looked = Object.entries(programs).filter(([name]) => !LATER.test(name));
    expect(looked.length).toBeGreaterThan(50);
    const found = looked.flatMap(([name, source]) =>
      wordsIn(source, name).map((where) => `${name}:${where}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    ['a text', '<p>Nothing yet</p>', ['1: Nothing yet']],
    ['a text beside a value', '<p>{n} left</p>', ['1: left']],
    ['a choice', "<b>{busy ? 'adding' : text.add}</b>", ['1: adding']],
    ['an attribute', '<input placeholder="find" />', ['1: find']],
    ['one with a value', "<a title={n + ' more'} />", ['1: more']],
    ['one of a part', '<Card label="name" />', ['1: name']],
    ['a constant', "const TITLE = { a: 'Nothing yet' };", ['1: Nothing yet']],
  ])('are found: %s', (_, source, found) => {
    expect(wordsIn(source)).toEqual(found);
  });

  it.each([
    ['a class', `<p class={on ? 'button primary' : 'button'} />`],
    ['an identifier', '<p id="count" data-testid="data of it">{text.all}</p>'],
    ['a comparison', "if (key === 'Escape') close();"],
    ['a sign', '<b>→ ·</b>'],
    ['code', '<code>***</code>'],
    ['an import', "import { a } from './Some file';"],
  ])('are not found in %s', (_, source) => {
    expect(wordsIn(source)).toEqual([]);
  });
});
