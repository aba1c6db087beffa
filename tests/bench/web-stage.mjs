// SPDX-License-Identifier: Apache-2.0
// Stands before a gateway, over TLS with its own certificate, and passes everything on but the events: those it makes,
// of the gateway's own state with as many services as told, and as fast as told.
//   usage: web-stage.mjs GATEWAY-URL PEM SERVICES        prints its address
// GET /stage?hours=H makes the streams tell of so many hours as fast as they are read; { done } says whether they have.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';

const [gateway, pem, services] = process.argv.slice(2);
const EVERY_MS = 2000;
const SECONDS_AN_HOUR = 3600;

let hours = 0;
let told = 0;

/** What the gateway would send, once. */
function stateOf(headers) {
  return new Promise((resolve, reject) => {
    const ask = https.get(
      `${gateway}/api/v1/events`,
      { headers: { cookie: headers.cookie ?? '' }, rejectUnauthorized: false },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece) => {
          text += piece;
          const found = /^id: (.*)\nevent: state\ndata: (.*)\n\n/m.exec(text);
          if (!found) return;
          ask.destroy();
          resolve({ start: found[1].split('-')[0], state: JSON.parse(found[2]) });
        });
        answer.on('end', () => reject(new Error(`the gateway answers ${answer.statusCode}`)));
      },
    );
    ask.on('error', reject);
  });
}

function many(list, count) {
  const more = Array.from({ length: count - list.length }, (_, i) => {
    const name = `own-${i + 1}`;
    return { ...structuredClone(list[i % list.length]), name, title: `Service ${i + 1}`, own: true };
  });
  return [...list, ...more];
}

/** As a gateway at work: all figures move. */
function later(state, n, ms) {
  const at = new Date(ms).toISOString();
  state.at = at;
  state.gateway.time = at;
  state.gateway.host.cpu_percent = 5 + (n % 7);
  state.gateway.host.uptime_s += 2;
  for (const service of state.services) {
    service.uptime_s += 2;
    if (service.usage) {
      service.usage.memory_bytes = 8_000_000 + ((n * 4096) % 1_000_000);
      service.usage.cpu_percent = 1 + (n % 5) / 3;
    }
    service.rates.in = 40 + (n % 11);
    service.rates.out = 40 + ((n + 3) % 11);
  }
  const { buffer } = state;
  buffer.accepted += 100;
  buffer.delivered += 100;
  buffer.held = n % 9;
  buffer.in_per_s = 45 + (n % 11);
  buffer.out_per_s = 45 + ((n + 5) % 11);
  buffer.oldest = buffer.held ? new Date(ms - 1000).toISOString() : null;
  state.uplink.last_success = at;
}

async function tell(request, response) {
  const { start, state } = await stateOf(request.headers);
  state.services = many(state.services, Number(services));
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let gone = false;
  response.on('close', () => {
    gone = true;
  });
  let ms = Date.parse(state.at);
  for (let n = 0; !gone; n++) {
    later(state, n, ms);
    const event = `id: ${start}-1\nevent: state\ndata: ${JSON.stringify(state)}\n\n`;
    if (!response.write(event)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    ms += EVERY_MS;
    if (hours > 0 && told < (hours * SECONDS_AN_HOUR * 1000) / EVERY_MS) {
      told++;
      // The page draws after each; a tab that gets them in one piece would draw once.
      await new Promise((resolve) => setTimeout(resolve, 4));
    } else await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

function passOn(request, response) {
  const ask = https.request(
    gateway + request.url,
    { method: request.method, headers: request.headers, rejectUnauthorized: false },
    (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    },
  );
  ask.on('error', () => response.destroy());
  request.pipe(ask);
}

const text = readFileSync(pem);
const server = https.createServer({ cert: text, key: text }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url, gateway);
  if (pathname === '/api/v1/events') tell(request, response).catch(() => response.destroy());
  else if (pathname === '/stage') {
    if (searchParams.has('hours')) {
      hours = Number(searchParams.get('hours'));
      told = 0;
    }
    const done = told >= (hours * SECONDS_AN_HOUR * 1000) / EVERY_MS;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ told, done }));
  } else passOn(request, response);
});
server.listen(0, '127.0.0.1', () => console.log(`https://127.0.0.1:${server.address().port}`));
