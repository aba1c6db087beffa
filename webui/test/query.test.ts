// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { query } from '../src/api/query';

describe('the query of a request', () => {
  it('leaves out what is empty', () => {
    expect(query({ limit: 1, cursor: null, search: '' })).toBe('?limit=1');
    expect(query({ cursor: null })).toBe('');
  });

  it('has every text as it is', () => {
    const text = 'a b+c&d=é%🌡️<img>';
    const [, said = ''] = query({ search: text }).split('=');
    expect(decodeURIComponent(said)).toBe(text);
  });
});
