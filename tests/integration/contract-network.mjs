// SPDX-License-Identifier: Apache-2.0
// The part of contract.mjs about the network of the host, which is not the gateway's to change here: what it says of that, and
// what it refuses. That it changes one is in tests/integration/network.sh.

export async function hostNetwork({ expect, check, json }) {
  const { managed, why, trial } = JSON.parse((await expect(200, 'GET', '/network')).text);
  check('GET /network', !managed && /managed elsewhere/.test(why) && trial === null, json({ managed, why, trial }));
  const change = (status, body, what) => expect(status, 'POST', '/network', { body: json(body), what });
  const wrong = await change(422, { network: { interfaces: [{ name: 'eth0', address: '192.0.2.10' }] } }, 'no bits');
  check('POST /network: pointer', JSON.parse(wrong.text).errors?.[0]?.pointer === '/network/interfaces/0/address', wrong.text);
  await change(422, {}, 'nothing');
  await change(422, { time: { zone: '../UTC' } }, 'no zone');
  await change(409, { network: { interfaces: [{ name: 'eth0', address: '192.0.2.10/24' }] } }, 'managed elsewhere');
  await expect(409, 'POST', '/network/confirm', { body: json({ id: 'x' }), what: 'nothing is on trial' });
}
