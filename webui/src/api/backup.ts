// SPDX-License-Identifier: Apache-2.0
// The whole gateway as one file, out and in.
import { withSession } from './client';
import type { Restored } from './types';

/** As long as the gateway gives it. */
const LONG_MS = 6 * 3600_000;

export interface BackupFile {
  name: string;
  content: Blob;
}

/** Counts what comes; a file that is not whole is an error of the stream. */
async function takeFile(answer: Response, onBytes: (bytes: number) => void): Promise<BackupFile> {
  const [, name = 'holdfast.backup'] =
    /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '') ?? [];
  let bytes = 0;
  const counted = answer.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, next) {
        bytes += piece.byteLength;
        onBytes(bytes);
        next.enqueue(piece);
      },
    }),
  );
  return { name, content: await new Response(counted ?? null).blob() };
}

export const backups = {
  make: (passphrase: string, buffer: boolean, onBytes: (bytes: number) => void) =>
    withSession<BackupFile>(
      'POST',
      '/backup',
      { passphrase, buffer },
      { timeoutMs: LONG_MS, take: (answer) => takeFile(answer, onBytes) },
    ),
  restore: (file: Blob, passphrase: string) =>
    withSession<Restored>('POST', '/restore', file, {
      headers: { 'Holdfast-Passphrase': encodeURIComponent(passphrase) },
      timeoutMs: LONG_MS,
    }),
};
