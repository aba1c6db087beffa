// SPDX-License-Identifier: Apache-2.0
// One measurement of the dashboard in Chromium; tests/bench/web.sh puts them together.
//   usage: web.mjs first | slow | lighthouse | live SECONDS | hours HOURS | open
//   HF_URL, HF_PASSWORD             the gateway, and its admin
//   HF_CERTIFICATE                  PEM that it shows; only this one is let pass
//   HF_WEBUI                        the dashboard's folder, for playwright
//   HF_CHROMIUM                     the browser (optional)
// Prints a line of JSON.
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { HF_URL: url, HF_PASSWORD: password, HF_CERTIFICATE: certificate } = process.env;
const { chromium } = createRequire(`${process.env.HF_WEBUI}/package.json`)('playwright-core');
const [what, amount] = process.argv.slice(2);

/** A line of 1.6 Mbit/s on which the gateway is 150 ms away: Lighthouse's slow 4G. */
const SLOW = {
  offline: false,
  latency: 150,
  downloadThroughput: 200_000,
  uploadThroughput: 93_750,
};
const CPU_SLOWER = 4;
const MINUTE_S = 60;

/** The certificate is accepted as somebody would who compared its fingerprint. */
function keyHash() {
  const key = new X509Certificate(readFileSync(certificate)).publicKey;
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const folder = mkdtempSync(join(tmpdir(), 'hft-web.'));
const port = await freePort();
const context = await chromium.launchPersistentContext(folder, {
  executablePath: process.env.HF_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--ignore-certificate-errors-spki-list=${keyHash()}`,
    `--remote-debugging-port=${port}`,
  ],
});

async function end(figures) {
  console.log(JSON.stringify(figures));
  await context.close();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

async function logIn() {
  const answer = await context.request.post(`${url}/api/v1/login`, {
    data: { user: 'admin', password },
    headers: { Origin: url },
    ignoreHTTPSErrors: true,
  });
  if (answer.status() !== 200) throw new Error(`POST /login answers ${answer.status()}`);
}

const shown = (page) => page.getByTestId('sentence').waitFor();

/** What the files of a first visit weigh on the wire, and the answers that come with them. */
async function first() {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  const asked = new Map();
  const figures = { bytes: 0, raw_bytes: 0, requests: 0, answers: 0, answer_bytes: 0 };
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  cdp.on('Network.responseReceived', ({ requestId, response }) =>
    asked.set(requestId, response.url),
  );
  cdp.on('Network.dataReceived', ({ requestId, dataLength }) => {
    if (!asked.get(requestId)?.includes('/api/')) figures.raw_bytes += dataLength;
  });
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const api = asked.get(requestId)?.includes('/api/');
    figures[api ? 'answers' : 'requests']++;
    figures[api ? 'answer_bytes' : 'bytes'] += encodedDataLength;
  });
  await page.goto(url);
  await shown(page);
  await page.waitForTimeout(1500);
  await end(figures);
}

/** Until the first line is there and the page answers a press. */
async function slow() {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', SLOW);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWER });
  await page.addInitScript(() => {
    const found = () => document.querySelector('[data-testid=sentence]');
    new MutationObserver((_, observer) => {
      if (!found()) return;
      observer.disconnect();
      // Drawn, and nothing in the way of what somebody presses.
      requestAnimationFrame(() =>
        setTimeout(() => {
          globalThis.usableAt = performance.now();
        }),
      );
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => globalThis.usableAt !== undefined);
  await end({ ms: Math.round(await page.evaluate(() => globalThis.usableAt)) });
}

async function measureByLighthouse() {
  const { default: lighthouse } = await import('lighthouse');
  const { lhr } = await lighthouse(url, {
    port,
    output: 'json',
    logLevel: 'error',
    disableStorageReset: true, // it holds the session
    onlyCategories: ['performance', 'accessibility', 'best-practices'],
  });
  if (lhr.runtimeError) throw new Error(`Lighthouse: ${lhr.runtimeError.message}`);
  const points = (name) => Math.round((lhr.categories[name]?.score ?? 0) * 100);
  const shownAs = (id) => lhr.audits[id]?.displayValue ?? '';
  const missed = Object.values(lhr.categories)
    .flatMap(({ auditRefs }) => auditRefs)
    .filter(({ id, weight }) => weight > 0 && (lhr.audits[id]?.score ?? 1) < 0.9)
    .map(({ id }) => [id, shownAs(id) || 'missed']);
  await end({
    performance: points('performance'),
    accessibility: points('accessibility'),
    'best-practices': points('best-practices'),
    beside: {
      'first paint': shownAs('first-contentful-paint'),
      largest: shownAs('largest-contentful-paint'),
      blocked: shownAs('total-blocking-time'),
      shift: shownAs('cumulative-layout-shift'),
    },
    missed: Object.fromEntries(missed),
  });
}

async function metrics(cdp) {
  const { metrics: list } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

/** What an open page takes of the browser's main thread. */
async function live(seconds) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(url);
  await shown(page);
  await page.waitForTimeout(5000);
  const before = await metrics(cdp);
  await page.waitForTimeout(seconds * 1000);
  const after = await metrics(cdp);
  const taken = (name) => ((after[name] - before[name]) * 1000 * MINUTE_S) / seconds;
  await end({
    script_ms: Math.round(taken('ScriptDuration')),
    beside: {
      layout: `${Math.round(taken('LayoutDuration') + taken('RecalcStyleDuration'))} ms`,
      'all of the main thread': `${Math.round(taken('TaskDuration'))} ms`,
    },
  });
}

/** What is in a heap that is not the page's: programs as compiled, and what the browser notes of its own work. */
const NOT_OF_THE_PAGE = new Set(['code', 'native', 'hidden', 'synthetic']);

/** Bytes of the objects and texts that the page holds, and how many nodes its document has. */
async function held(cdp) {
  const parts = [];
  const take = ({ chunk }) => parts.push(chunk);
  cdp.on('HeapProfiler.addHeapSnapshotChunk', take);
  await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  cdp.off('HeapProfiler.addHeapSnapshotChunk', take);
  const { snapshot, nodes } = JSON.parse(parts.join(''));
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = [fields.indexOf('type'), fields.indexOf('self_size')];
  let bytes = 0;
  for (let at = 0; at < nodes.length; at += fields.length)
    if (!NOT_OF_THE_PAGE.has(types[type][nodes[at + type]])) bytes += nodes[at + size];
  return { bytes, nodes: (await metrics(cdp)).Nodes };
}

/** What the page holds after each of so many hours of events. */
async function age(hours) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  await page.goto(url);
  await shown(page);
  const tellOneHour = async () => {
    await context.request.get(`${url}/stage?hours=1`, { ignoreHTTPSErrors: true });
    for (;;) {
      const answer = await context.request.get(`${url}/stage`, { ignoreHTTPSErrors: true });
      if ((await answer.json()).done) break;
      await page.waitForTimeout(500);
    }
    await page.waitForTimeout(3000);
    for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
    return held(cdp);
  };
  const each = [];
  while (each.length < hours) each.push(await tellOneHour());
  await end({
    growth: Number((each.at(-1).bytes / each[0].bytes).toFixed(4)),
    beside: {
      'after each': `${each.map(({ bytes }) => Math.round(bytes / 1000)).join(', ')} kB`,
      nodes: each.map(({ nodes }) => nodes).join(', '),
    },
  });
}

/** The page, until this is ended: one browser of several. */
async function keepOpen() {
  const page = await context.newPage();
  await page.goto(url);
  await shown(page);
  console.log('open');
  await new Promise(() => {});
}

await logIn();
if (what === 'first') await first();
else if (what === 'slow') await slow();
else if (what === 'lighthouse') await measureByLighthouse();
else if (what === 'live') await live(Number(amount));
else if (what === 'hours') await age(Number(amount));
else await keepOpen();
