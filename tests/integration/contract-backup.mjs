// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about backups. It ends with a gateway that was restored from its own and has started anew.

const passphrase = 'a passphrase, größer';
const header = { 'holdfast-passphrase': encodeURIComponent(passphrase) };

export async function backups({ ask, expect, check, json }) {
  const { headers: { etag } } = await ask('GET', '/config');
  const { text: users } = await ask('GET', '/users');

  await expect(422, 'POST', '/backup', { body: json({ passphrase: 'short' }), what: 'short' });
  const full = await expect(200, 'POST', '/backup', { body: json({ passphrase, buffer: true }), what: 'with records' });
  const { bytes } = await expect(200, 'POST', '/backup', { body: json({ passphrase }) });
  check('POST /backup: a file', bytes.subarray(0, 8).toString() === 'HFBACKUP' && full.bytes.length > bytes.length, bytes.length);
  check('POST /backup: nothing of it can be read', !bytes.includes('argon2') && !bytes.includes('"name"'), 'it can');

  const restore = (status, what, more) => expect(status, 'POST', '/restore', { body: bytes, headers: header, what, ...more });
  await restore(400, 'without a passphrase', { headers: {} });
  await restore(413, 'too long', { body: 'x', headers: { ...header, 'content-length': `${2 ** 40}` } });
  await restore(422, 'another passphrase', { headers: { 'holdfast-passphrase': 'another%20passphrase' } });
  await restore(422, 'cut', { body: bytes.subarray(0, -1) });
  await restore(422, 'no backup', { body: 'x'.repeat(100) });
  const damaged = Buffer.from(bytes);
  damaged[bytes.length - 40] ^= 1;
  await restore(422, 'damaged', { body: damaged });
  check('POST /restore: what is refused changes nothing', (await ask('GET', '/config')).headers.etag === etag, 'it does');

  const { gateway, records, release } = JSON.parse((await restore(200, 'its own')).text);
  check('POST /restore', /^hf-/.test(gateway) && records === 0 && release.runs, json({ gateway, records, release }));
  return async () => {
    const now = await ask('GET', '/users');
    check('POST /restore: the accounts are there', JSON.parse(now.text).users.length === JSON.parse(users).users.length, now.text);
    check('POST /restore: no tokens', JSON.parse((await ask('GET', '/tokens')).text).tokens.length === 0, 'some');
  };
}
