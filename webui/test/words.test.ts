// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { wordsIn } from './words';

const programs: Record<string, string> = import.meta.glob(
  [
    '../src/app.tsx',
    '../src/{api,derive,format,pages,parts,state}/**/*.{ts,tsx}',
    '!../src/api/schema.ts',
  ],
  { query: '?raw', import: 'default', eager: true },
);
/** Programs for devices, and what style sheets are asked. */
const NOT_SAID = /\/(derive\/snippets|parts\/plot)\.ts$/;

describe('words that people read', () => {
  // It reads them all: on a busy computer that takes a while.
  it('stand in src/text alone', { timeout: 120_000 }, () => {
    const looked = Object.entries(programs).filter(([name]) => !NOT_SAID.test(name));
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
    ['a word for a state', "const MARK = { tone: 'ok', word: 'healthy' };", ['1: healthy']],
    ['what is counted', ['const all = `$', '{n} layers`;'].join(''), ['1: layers']],
    ['one of it', "const one = n === 1 ? '1 layer' : many(n);", ['1: 1 layer']],
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
