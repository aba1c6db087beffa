// SPDX-License-Identifier: Apache-2.0
// What stands between a gateway and its cloud: a TLS front that wants a client's certificate, and a proxy that wants a
// user. It says on stdout what it saw.
//
//     node front.mjs tls LISTEN TARGET CERT KEY [CLIENT-CA]
//     node front.mjs proxy LISTEN HOST=PORT[,…] USER:PASSWORD     the names that it knows, all on 127.0.0.1
import { readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

const [mode, listen, ...rest] = process.argv.slice(2);

function join(a, b) {
  for (const [x, y] of [
    [a, b],
    [b, a],
  ]) {
    x.on('error', () => y.destroy());
    x.on('close', () => y.destroy());
    x.pipe(y);
  }
}

function front([target, cert, key, ca]) {
  const options = { cert: readFileSync(cert), key: readFileSync(key) };
  if (ca) Object.assign(options, { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true });
  const server = tls.createServer(options, (socket) => {
    console.log(`tls sni=${socket.servername || ''} client=${socket.getPeerCertificate().subject?.CN ?? ''}`);
    join(socket, net.connect(Number(target), '127.0.0.1'));
  });
  server.on('tlsClientError', (error) => console.log(`refused ${error.code}`));
  return server;
}

function proxy([names, account]) {
  const known = new Map(names.split(',').map((name) => name.split('=')));
  const wanted = `Basic ${Buffer.from(account).toString('base64')}`;
  const server = http.createServer((_, answer) => answer.writeHead(405).end());
  server.on('connect', (request, socket, head) => {
    socket.on('error', () => {});
    if (request.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const port = known.get(request.url.split(':')[0]);
    console.log(`connect ${request.url} ${port ? 'ok' : 'unknown'}`);
    if (!port) {
      socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const there = net.connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.write(head);
      join(socket, there);
    });
    there.on('error', () => socket.destroy());
  });
  return server;
}

const server = mode === 'tls' ? front(rest) : proxy(rest);
server.listen(Number(listen), '127.0.0.1', () => console.log('listening'));
