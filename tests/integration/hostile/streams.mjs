// SPDX-License-Identifier: Apache-2.0
// Asks for COUNT event streams at once, ten from each address, and holds what it gets.
// usage: streams.mjs PORT COUNT SESSION; says "all N opened, M refused, K cut" once each has its answer
import https from 'node:https';

const [port, count, session] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const answers = { opened: 0, refused: 0, cut: 0 };
let left = count;

function settle(kind) {
  answers[kind]++;
  if (--left === 0)
    console.log(`all ${answers.opened} opened, ${answers.refused} refused, ${answers.cut} cut`);
}

function ask(i) {
  let settled = false;
  const once = (kind) => {
    if (!settled) settle(kind);
    settled = true;
  };
  https
    .get({
      host: '127.0.0.1',
      port,
      path: '/api/v1/events',
      localAddress: `127.0.1.${1 + Math.floor(i / 10)}`,
      agent: false,
      rejectUnauthorized: false,
      headers: { Host: 'localhost', Cookie: `__Host-holdfast=${session}` },
    })
    .on('response', (response) => {
      once(response.statusCode === 200 ? 'opened' : 'refused');
      response.on('error', () => {}).resume();
    })
    .on('error', () => once('cut'));
}

for (let i = 0; i < count; i++) ask(i);
