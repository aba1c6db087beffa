// SPDX-License-Identifier: Apache-2.0
// Stands between a gateway and its Docker Engine and spoils what the engine says, as the file MODE tells it now:
//
//     fine      all goes through            hang      takes questions and answers nothing
//     error     answers 500                 garbage   answers 200 and what is no JSON
//     cut       half of each body           slow      each answer three seconds late
//
// Where the mode changes, what is open ends: event streams too.
// usage: node front.mjs LISTEN TARGET MODE
import { readFileSync, watchFile } from 'node:fs';
import http from 'node:http';

const [listen, target, file] = process.argv.slice(2);
const LATE_MS = 3000;
const open = new Set();
let mode = readFileSync(file, 'utf8').trim();

watchFile(file, { interval: 50 }, () => {
  mode = readFileSync(file, 'utf8').trim();
  for (const socket of open) socket.destroy();
});

function half(there, answer) {
  const parts = [];
  there.on('data', (part) => parts.push(part));
  there.on('end', () => {
    const body = Buffer.concat(parts);
    answer.writeHead(there.statusCode, { ...there.headers, 'content-length': body.length });
    answer.write(body.subarray(0, body.length / 2), () => answer.destroy());
  });
}

function pass(request, answer) {
  const { method, url: path, headers } = request;
  const there = http.request({ socketPath: target, method, path, headers, agent: false }, (from) => {
    from.on('error', () => answer.destroy());
    if (mode === 'cut') return half(from, answer);
    answer.writeHead(from.statusCode, from.headers);
    answer.flushHeaders();
    from.pipe(answer);
  });
  there.on('error', () => answer.destroy());
  answer.on('close', () => there.destroy());
  request.pipe(there);
}

function canned(answer, status, body) {
  answer.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  answer.end(body);
}

const server = http.createServer((request, answer) => {
  answer.on('error', () => {});
  if (mode === 'error') canned(answer, 500, '{"message":"layer does not exist"}');
  else if (mode === 'garbage') canned(answer, 200, '[{"Id":"4f1e", "State": }]');
  else if (mode === 'slow') setTimeout(() => pass(request, answer), LATE_MS);
  else if (mode !== 'hang') pass(request, answer);
});
server.on('connection', (socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
});
server.listen(listen, () => console.log('ready'));
