// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundles } from '../src/api/bundle';
import type { Bundle } from '../src/api/types';
import { bundlePercent, bundleText } from '../src/derive/bundle';

const MB = 1024 * 1024;

const bundle = (change: Partial<Bundle>): Bundle => ({
  state: 'images',
  actor: 'admin',
  name: 'holdfast 1.2.3',
  id: null,
  offset: 0,
  length: 10 * MB,
  layer_bytes: 0,
  layer_bytes_done: 0,
  started: null,
  finished: null,
  detail: '',
  ...change,
});

describe('a bundle on its way', () => {
  it('says how far it is', () => {
    expect(bundlePercent(bundle({ offset: MB }))).toBe(10);
    expect(bundlePercent(bundle({ length: 0 }))).toBe(0);
    expect(bundleText(bundle({ state: 'head' }))).toMatch(/signature is checked first/);
    expect(bundleText(bundle({ offset: MB }))).toMatch(/^holdfast 1\.2\.3: 1 of 10/);
    expect(bundleText(bundle({ offset: 10 * MB }))).toMatch(/all has come/);
  });
});

/** A gateway that takes pieces, and does to each what the test wants. */
class Gateway {
  now = bundle({ state: 'none' });
  pieces: string[] = [];
  onPiece: (offset: number) => Response | null = () => null;

  answer(body: unknown, status = 200): Response {
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  }

  async fetch(_url: string, init: RequestInit): Promise<Response> {
    const headers = init.headers as Record<string, string>;
    if (init.method === 'POST') {
      this.now = bundle({ state: 'head', length: Number(headers['Upload-Length']) });
      return this.answer(this.now, 201);
    }
    if (init.method !== 'PATCH') return this.answer(this.now);
    const offset = Number(headers['Upload-Offset']);
    this.pieces.push(`${offset / MB}`);
    const other = this.onPiece(offset);
    if (other) return other;
    this.now.offset = offset + (init.body as Blob).size;
    if (this.now.offset === this.now.length) this.now.state = 'done';
    return this.answer(null, 204);
  }
}

describe('an upload', () => {
  let gateway: Gateway;
  const file = new Blob([new Uint8Array(10 * MB)]);
  const upload = async () => {
    const end = bundles.upload(file, () => {});
    await vi.runAllTimersAsync();
    return end;
  };

  beforeEach(() => {
    gateway = new Gateway();
    vi.useFakeTimers();
    vi.stubGlobal('fetch', (url: string, init: RequestInit) => gateway.fetch(url, init));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('goes in pieces', async () => {
    expect((await upload()).state).toBe('done');
    expect(gateway.pieces.join()).toBe('0,4,8');
  });

  it('goes on where the gateway is when the line breaks', async () => {
    let broken = 0;
    gateway.onPiece = (offset) => {
      if (offset !== 4 * MB || broken++) return null;
      gateway.now.offset = 5 * MB;
      throw new TypeError('network');
    };
    expect((await upload()).state).toBe('done');
    expect(gateway.pieces.join()).toBe('0,4,5,9');
  });

  it('leaves out what is not wanted', async () => {
    gateway.onPiece = () => {
      gateway.now.offset = 9 * MB;
      gateway.onPiece = () => null;
      return gateway.answer(null, 204);
    };
    await upload();
    expect(gateway.pieces.join()).toBe('0,9');
  });

  it('takes up one that is on its way', async () => {
    gateway.now = bundle({ offset: 8 * MB });
    await upload();
    expect(gateway.pieces.join()).toBe('8');
  });

  it('ends where it is refused', async () => {
    gateway.onPiece = () => {
      gateway.now.state = 'failed';
      gateway.now.detail = 'it is not signed';
      return gateway.answer({ title: 'x', detail: 'it is not signed' }, 422);
    };
    expect((await upload()).detail).toBe('it is not signed');
    expect(gateway.pieces.length).toBe(1);
  });
});
