// SPDX-License-Identifier: Apache-2.0
// What the programs that try the dashboard in a browser have in common: a browser with one page, and
// checks. Each check prints a line "ok - …" or "not ok - …".
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const fromDashboard = createRequire(new URL('../../webui/package.json', import.meta.url));
const { chromium } = fromDashboard('playwright-core');
const axe = readFileSync(fromDashboard.resolve('axe-core/axe.min.js'), 'utf8');

export const url = required('HF_URL').replace(/\/$/, '');
const shots = process.env.HF_SHOTS;
export const password = process.env.HF_PASSWORD ?? 'correct horse battery';

export const SOON_MS = 60_000;
/** Images may have to be pulled first, and a service proves its health only after some readings. */
export const HEALTHY_MS = 120_000;
export const SERVICES = ['broker', 'processor', 'buffer', 'forwarder'];
const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let failures = 0;
/** Worth a word in the log, for who wants to make the tests quicker. */
const LONG_S = 5;
/** Since the check began, for who has to find out why it failed. */
let unanswered = [];

export function required(name) {
  const value = process.env[name];
  if (value) return value;
  console.log(`not ok - ${name} is not set`);
  process.exit(2);
}

export async function check(name, body) {
  unanswered = [];
  const began = Date.now();
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    failures++;
    console.log(`not ok - ${name}`);
    for (const line of String(error?.message ?? error)
      .split('\n')
      .slice(0, 12))
      console.log(`# ${line}`);
    for (const line of unanswered.slice(-12)) console.log(`# no answer: ${line}`);
    await shoot(`failed-${failures}`).catch(() => {});
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  if (seconds >= LONG_S) console.log(`# took ${seconds} s`);
}

export function expect(condition, otherwise) {
  if (!condition) throw new Error(otherwise);
}

export async function until(what, probe, timeout = SOON_MS) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeout / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** In the page. That a style sheet was broken off may be told only after the page is there. */
const isStyled = () =>
  [...document.querySelectorAll('link[rel=stylesheet]')].every((link) => {
    try {
      return link.sheet && link.sheet.cssRules.length > 0;
    } catch {
      return false; // of one that was broken off they may not be looked at
    }
  });

/** In the page. A sentence that the gateway has written into it is no sign that the program has come. */
const isOfTheProgram = () => !document.querySelector('.headline[data-level]:not([data-testid])');

/**
 * The engine adds and removes network interfaces while containers come and go, and Chromium then
 * breaks off what it is loading (ERR_NETWORK_CHANGED), the page or a style sheet of it: load again.
 */
export async function open(address, where = page) {
  await until(
    `${address} is shown`,
    async () => {
      brokenOff = false;
      await where.goto(address).catch(() => {});
      return where
        .getByRole('heading', { level: 1 })
        .first()
        .waitFor({ timeout: 5000 })
        .then(() => where.waitForFunction(isOfTheProgram, null, { timeout: 5000 }))
        .then(
          async () => !brokenOff && (await where.evaluate(isStyled)),
          () => false,
        );
    },
    60_000,
  );
}

const browser = await chromium.launch({
  executablePath: process.env.HF_CHROMIUM ?? '/usr/bin/chromium',
  args: BROWSER_FLAGS,
});
export const context = await browser.newContext({
  ignoreHTTPSErrors: true,
  reducedMotion: 'reduce',
  viewport: { width: 1280, height: 900 },
});
export const page = await context.newPage();
page.setDefaultTimeout(SOON_MS);

export const button = (name) => page.getByRole('button', { name, exact: true });
export const dialog = () => page.getByRole('dialog');

/** Somebody else, in a browser of their own. */
export async function newVisitor() {
  const other = await browser.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
  const theirs = await other.newPage();
  theirs.setDefaultTimeout(SOON_MS);
  theirs.on('requestfailed', noteBroken);
  return theirs;
}

let brokenOff = false;
function noteBroken(request) {
  const { pathname } = new URL(request.url());
  const at = new Date().toISOString().slice(11, 19);
  unanswered.push(`${at} ${request.method()} ${pathname}: ${request.failure()?.errorText}`);
  if (['stylesheet', 'script'].includes(request.resourceType())) brokenOff = true;
}
page.on('requestfailed', noteBroken);

const complaints = [];
const foreign = [];
page.on('pageerror', (error) => complaints.push(error.message));
page.on('console', (message) => {
  // The browser reports every refused request as an error; here some are meant to be refused.
  const refused = message.text().startsWith('Failed to load resource');
  if (message.type() === 'error' && !refused) complaints.push(message.text());
});
page.on('request', (request) => {
  const { origin, protocol } = new URL(request.url());
  if (origin !== new URL(url).origin && protocol !== 'blob:') foreign.push(request.url());
});

/** A page, once its title is there. */
export async function show(path, heading) {
  await open(`${url}${path}`);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

export const settingsTab = (name) =>
  page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name }).click();

/** What comes of pressing a link; again where the network has changed meanwhile, see open(). */
export async function download(name, role = 'link') {
  return await until('a whole file', async () => {
    // Chromium cancels a download whose connection would first have to take a certificate that is let
    // pass only for pages: it goes over the one that this leaves open.
    await page.evaluate(() => fetch('/api/v1/claim').then((answer) => answer.text()));
    const [begun] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole(role, { name }).click(),
    ]);
    return (await begun.failure()) === null ? begun : null;
  });
}

export async function shoot(name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  const path = `${shots}/${name}.png`;
  const { width, height } = page.viewportSize();
  const isOver = await page.locator('dialog[open]').count();
  if (!isOver) {
    // As high as the page is: what sticks to an edge of the screen is at its edge, and over nothing.
    const whole = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width, height: Math.max(height, Math.min(whole, 8000)) });
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.waitForTimeout(50);
  }
  await page.screenshot({ path });
  await page.setViewportSize({ width, height });
}

/** A page in light and dark on a desk, on two phones, and on a wall. */
export async function shootAll(name) {
  if (!shots) return;
  const looks = [
    ['light', 1280, 900, 'light'],
    ['dark', 1280, 900, 'dark'],
    ['phone', 360, 780, 'light'],
    ['phone-small', 320, 640, 'dark'],
    ['wall', 3840, 2160, 'light'],
  ];
  for (const [look, width, height, colorScheme] of looks) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.waitForTimeout(250);
    await shoot(`${name}-${look}`);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

/** without: rules that make no sense there. */
export async function accessible(name, without = []) {
  await check(`${name}: usable without eyes or mouse, as far as axe can tell`, async () => {
    // By the debugger, which the page's content security policy does not concern.
    await page.evaluate(axe);
    const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
    const found = await page.evaluate((some) => globalThis.axe.run({ rules: some }), rules);
    const text = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(', ')}`);
    expect(text.length === 0, text.join('\n'));
  });
  await check(`${name}: can be read in the dark`, async () => {
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    const found = await page.evaluate(() =>
      globalThis.axe.run({ runOnly: { type: 'rule', values: ['color-contrast'] } }),
    );
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const places = found.violations.flatMap((v) => v.nodes.map((n) => n.target.join(' ')));
    expect(places.length === 0, places.join('\n'));
  });
  await check(`${name}: fits a phone of 320 pixels`, async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await page.waitForTimeout(200);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(width <= 320, `the page is ${width} pixels wide`);
  });
}

/** As admin; claims the gateway where nobody has. */
export async function enter() {
  await open(url);
  const setup = process.env.HF_SETUP_CODE;
  const claim = page.getByRole('button', { name: 'Claim this gateway' });
  const login = page.getByRole('button', { name: 'Log in' });
  // Until then the page may say that the gateway does not answer.
  await claim.or(login).first().waitFor({ timeout: 60_000 });
  if (setup && (await claim.count())) {
    await page.getByLabel('Setup code').fill(setup);
    await page.getByLabel('Password for admin').fill(password);
    await claim.click();
    await page.getByRole('link', { name: /go to the overview/i }).click();
  } else {
    await page.getByLabel('Password', { exact: true }).fill(password);
    await login.click();
  }
  await page.getByTestId('sentence').waitFor();
}

/** With the session of the page, as the page would ask. */
export function ask(method, path, body, headers = {}) {
  return page.evaluate(
    async ([how, where, what, more]) => {
      const send = () =>
        fetch(`/api/v1${where}`, {
          method: how,
          headers: more,
          ...(what === undefined ? {} : { body: JSON.stringify(what) }),
        });
      // A reading may be broken off by the network's changes, see open().
      const answer = await (how === 'GET' ? send().catch(send) : send());
      const text = await answer.text();
      return {
        status: answer.status,
        tag: answer.headers.get('ETag'),
        body: text ? JSON.parse(text) : null,
      };
    },
    [method, path, body, headers],
  );
}

export async function service(name) {
  return (await ask('GET', `/services/${name}`)).body;
}

export const isHealthy = async (name) => (await service(name)).health === 'healthy';

/** What a program begins with on a gateway that is at work or comes to be. */
export async function enterAndWait() {
  await check('admin comes in', enter);
  for (const name of SERVICES)
    await check(`${name} is healthy`, () => until(name, () => isHealthy(name), HEALTHY_MS));
}

/** As a device does. */
export function publish(topic, payload) {
  const host = process.env.HF_FIELD_HOST ?? '127.0.0.1';
  const port = process.env.HF_FIELD_PORT ?? '1883';
  execFileSync('mosquitto_pub', ['-h', host, '-p', port, '-q', '1', '-t', topic, '-m', payload]);
}

function field(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** A packet of MQTT 3.1.1. */
function packet(type, ...parts) {
  const body = Buffer.concat(parts);
  const head = [type];
  let rest = body.length;
  do {
    head.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

/** Many topics by one connection; ends when the broker has acknowledged all. messages: [topic, payload] */
export function publishMany(messages) {
  const host = process.env.HF_FIELD_HOST ?? '127.0.0.1';
  const port = Number(process.env.HF_FIELD_PORT ?? '1883');
  const publishOne = ([topic, payload], i) =>
    packet(0x32, field(topic), Buffer.from([(i + 1) >> 8, (i + 1) & 255]), Buffer.from(payload));
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let bytes = 0;
    socket.setTimeout(SOON_MS, () => socket.destroy(new Error('the broker does not answer')));
    socket.on('error', reject);
    socket.on('connect', () =>
      socket.write(packet(0x10, field('MQTT'), Buffer.from([4, 2, 0, 60]), field('e2e-many'))),
    );
    // Each answer, to the connection and to each message, has four bytes.
    socket.on('data', (data) => {
      if (bytes === 0) for (const one of messages.map(publishOne)) socket.write(one);
      bytes += data.length;
      if (bytes === 4 * (messages.length + 1)) socket.end(packet(0xe0), resolve);
    });
  });
}

/** As a change of the configuration that nobody else makes meanwhile. */
export async function configure(patch) {
  const { tag } = await ask('GET', '/config');
  const answer = await ask('PATCH', '/config', patch, {
    'If-Match': tag,
    'Content-Type': 'application/merge-patch+json',
  });
  expect(answer.status === 200, `PATCH /config answers ${answer.status}: ${answer.body?.detail}`);
}

/** Checks what must hold all the time, and ends the program: with 1 where a check has failed. */
export async function finish() {
  await check('nothing was asked of anybody but the gateway', async () => {
    expect(foreign.length === 0, foreign.join('\n'));
  });
  await check('the browser had nothing to complain about', async () => {
    expect(complaints.length === 0, complaints.join('\n'));
  });

  await browser.close();
  process.exit(failures ? 1 : 0);
}
