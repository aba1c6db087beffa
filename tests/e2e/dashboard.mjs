// SPDX-License-Identifier: Apache-2.0
// The dashboard in a browser, on a gateway that nobody has claimed yet.
//   HF_URL, HF_SETUP_CODE           the gateway, and its proof of possession
//   HF_PASSWORD                     to claim it with (optional)
//   HF_FIELD_HOST, HF_FIELD_PORT    where devices publish to
//   HF_RECEIVER_URL                 a receiver whose report is read as well (optional)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed.
import { readFileSync } from 'node:fs';
import {
  accessible,
  check,
  context,
  download,
  expect,
  finish,
  HEALTHY_MS,
  open,
  page,
  password,
  publish,
  required,
  SERVICES,
  shoot,
  shootAll,
  until,
  url,
} from './harness.mjs';

const setupCode = required('HF_SETUP_CODE');
const receiver = process.env.HF_RECEIVER_URL;

const NAME = 'e2e-gateway';
const TOPIC = 'e2e/dashboard';
const MESSAGES = 25;

async function counter(name) {
  return Number(
    await page
      .getByTestId(name)
      .getAttribute('data-value', { timeout: 2000 })
      .catch(() => 0),
  );
}

function publishSome() {
  for (let i = 0; i < MESSAGES; i++) publish(TOPIC, JSON.stringify({ n: i }));
}

async function health(service) {
  await open(`${url}/services/${service}`);
  await page.getByTestId('health').waitFor();
}

const isHealthy = () => page.locator('[data-testid=health][data-health=healthy]').count();

async function command(action, title) {
  await page.getByRole('button', { name: action, exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: `${action} ${title}` }).click();
  await page.getByTestId('progress').waitFor();
  await until(
    `${action} is done`,
    async () => {
      const phase = await page.getByTestId('progress').getAttribute('data-phase');
      if (phase === 'failed') throw new Error(await page.getByTestId('progress').textContent());
      return phase === 'done';
    },
    HEALTHY_MS,
  );
}

// --- A gateway that nobody owns

await open(url);
await check('an unclaimed gateway asks for its setup code', async () => {
  await page.getByRole('heading', { name: 'Make this gateway yours' }).waitFor();
});
await check('the fingerprint to compare is that of the certificate in use', async () => {
  const claim = await (await context.request.get(`${url}/api/v1/claim`)).json();
  const shown = (await page.getByTestId('fingerprint').textContent()).replace(/\s/g, '');
  expect(shown === claim.fingerprint.replace(':', ''), `${shown} is not ${claim.fingerprint}`);
});
await accessible('claim');
await shootAll('claim');

await check('what is wrong is said by field', async () => {
  await page.getByLabel('Setup code').fill('AAAA');
  await page.getByLabel('Password for admin').fill('short');
  await page.getByRole('button', { name: 'Claim this gateway' }).click();
  await page.getByText('this one has 4').waitFor();
  await page.getByText('needs at least 10 characters').waitFor();
  expect(
    await page.getByLabel('Setup code').evaluate((e) => e === document.activeElement),
    'the first wrong field has no focus',
  );
});
await shootAll('claim-errors');
await check('a wrong setup code is refused', async () => {
  await page.getByLabel('Setup code').fill('AAAA-AAAA-AAAA');
  await page.getByLabel('Password for admin').fill(password);
  await page.getByRole('button', { name: 'Claim this gateway' }).click();
  await page.getByText('This is not the setup code').waitFor();
});
await check('the right one makes the gateway mine', async () => {
  await page.getByLabel('Setup code').fill(setupCode);
  await page.getByLabel('Name of the gateway').fill(NAME);
  await page.getByLabel('Password for admin').fill(password);
  await page.getByRole('button', { name: 'Claim this gateway' }).click();
  await page.getByRole('heading', { level: 1, name: `${NAME} is yours.` }).waitFor();
});

// --- Setup

/** Presses Test until the forwarder is there to do it; the states of the steps. */
async function tryWay() {
  await until(
    'an outcome of the test',
    async () => {
      await page.getByRole('button', { name: 'Test', exact: true }).click();
      await page.locator('[data-testid=trial][data-ok], .setup .error-text, .setup [data-form-problem]').first().waitFor();
      return page.locator('[data-testid=trial][data-ok]').count();
    },
    HEALTHY_MS,
  );
  return page
    .locator('[data-step]')
    .evaluateAll((steps) => steps.map((one) => one.getAttribute('data-state')));
}

await check('the uplink that the gateway came with is tried, step by step', async () => {
  const states = await tryWay();
  expect(states.join() === Array(5).fill('done').join(), states.join());
});
await accessible('setup');
await shootAll('setup');
await check('another one that is not there is told at its step, and is not kept', async () => {
  await page.getByRole('button', { name: 'Change it' }).click();
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByText('Enter the address').waitFor();
  await page.getByLabel('Address').fill('https://nobody.invalid/v1');
  const states = await tryWay();
  expect(states.join() === 'failed,unreached,unreached,unreached,unreached', states.join());
  await page.getByLabel('Address').fill('http://receiver:8080/nowhere');
  const later = await tryWay();
  expect(later.join() === 'done,done,done,done,failed', later.join());
  await page.getByText('404').first().waitFor();
});
await accessible('setup-stuck');
await shootAll('setup-stuck');
await check('what works is saved from there', async () => {
  await page.getByLabel('Address').fill('http://receiver:8080/v1/ingest');
  const states = await tryWay();
  expect(states.join() === Array(5).fill('done').join(), states.join());
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Set already.').waitFor();
});
await check('a first message is seen to arrive in the cloud', async () => {
  await until('the gateway takes messages', async () => {
    try {
      publish('e2e/first', '{"first":true}');
      return true;
    } catch {
      return false;
    }
  });
  await page.getByTestId('first-state').getByText('in the cloud').waitFor();
});
await shootAll('setup-done');
await check('setup leads to the overview', async () => {
  await page.getByRole('link', { name: /go to the overview/i }).click();
  await page.getByTestId('sentence').waitFor();
  await page.getByText(NAME).first().waitFor();
});

// --- Overview, and a message on its way

for (const service of SERVICES)
  await check(`${service} becomes healthy`, () =>
    until(
      `${service} healthy`,
      () => page.getByTestId(`row-${service}`).getByText('healthy').count(),
      HEALTHY_MS,
    ),
  );

await check('a message travels from a device to the cloud', async () => {
  const before = { accepted: await counter('accepted'), delivered: await counter('delivered') };
  publishSome();
  for (const name of ['accepted', 'delivered'])
    await until(
      `${name} has grown by ${MESSAGES}`,
      async () => (await counter(name)) >= before[name] + MESSAGES,
      30_000,
    );
});
if (receiver)
  await check('the receiver has it', async () => {
    const answer = await fetch(
      `${receiver}/v1/records?topic=${encodeURIComponent(TOPIC)}&limit=1000`,
    );
    const lines = (await answer.text()).trim().split('\n').filter(Boolean);
    expect(lines.length >= MESSAGES, `only ${lines.length} of ${MESSAGES} records`);
  });
await check('the books balance on the page', async () => {
  const [accepted, ...parts] = await page.evaluate(() =>
    ['accepted', 'delivered', 'held', 'dropped', 'quarantined'].map((name) =>
      Number(document.querySelector(`[data-testid=${name}]`)?.getAttribute('data-value')),
    ),
  );
  expect(
    accepted > 0 && accepted === parts.reduce((sum, part) => sum + part, 0),
    `${accepted} = ${parts.join(' + ')}`,
  );
});
await accessible('overview');
await shootAll('overview');

await check('all services are listed', async () => {
  await page.getByRole('link', { name: 'Services', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: /services/i }).waitFor();
  for (const service of SERVICES)
    expect(
      await page.locator(`main a[href="/services/${service}"]`).count(),
      `no link to ${service}`,
    );
});
await accessible('services');
await shootAll('services');

// --- One service

await health('processor');
await check('its log is there', async () => {
  await page.getByTestId('log-line').first().waitFor({ timeout: 20_000 });
});
await check(
  'a restart is confirmed, followed and seen to be over, and the log goes on by itself',
  async () => {
    await until('healthy before', isHealthy, HEALTHY_MS);
    const before = await page.getByTestId('log-line').count();
    await command('Restart', 'Processor');
    await until('healthy again', isHealthy, HEALTHY_MS);
    await until(
      'the new container’s lines',
      async () => (await page.getByTestId('log-line').count()) > before,
      30_000,
    );
  },
);
await accessible('service');
await shootAll('service');
await check('a search leaves only the lines that have it', async () => {
  await page.getByLabel('Search the log').fill('no line has this');
  await page.getByText('No line here has').waitFor();
  await page.getByLabel('Search the log').fill('');
  await page.getByTestId('log-line').first().waitFor();
});
await check('a paused log stays as it is until it is followed again', async () => {
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: /Follow/ }).click();
  await page.getByRole('button', { name: 'Pause' }).waitFor();
});
await check('the log can be taken along', async () => {
  const file = await download('Download');
  const text = readFileSync(await file.path(), 'utf8');
  expect(/processor.*\.(log|txt)$/.test(file.suggestedFilename()), file.suggestedFilename());
  expect(text.trim().length > 0, 'the file is empty');
});

await health('forwarder');
await check('a stopped service says so, and starts again', async () => {
  await until('healthy before', isHealthy, HEALTHY_MS);
  await command('Stop', 'Forwarder');
  await page.locator('[data-testid=health][data-health=stopped]').waitFor();
  await shoot('service-stopped');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await until('healthy again', isHealthy, HEALTHY_MS);
});

await open(url);
await check(
  'a lost connection is told at once, with the age of the data, and mends itself',
  async () => {
    await page.getByTestId('sentence').waitFor();
    await page.route('**/api/v1/**', (route) => route.abort());
    await page.evaluate(() => window.dispatchEvent(new Event('offline')));
    await page.getByText('Connection lost.').waitFor({ timeout: 20_000 });
    await page.getByText(/Data of \d\d:\d\d:\d\d/).waitFor();
    await shootAll('connection-lost');
    await page.getByRole('button', { name: 'Try now' }).click(); // to no avail yet
    await page.unroute('**/api/v1/**');
    await page.getByText('Connection lost.').waitFor({ state: 'detached', timeout: HEALTHY_MS });
  },
);

// --- The way out

await check('the account page ends the session', async () => {
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
});
await accessible('account');
await shootAll('account');
await check('whoever has logged out is refused', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('You are logged out.').waitFor();
  for (const path of ['session', 'services', 'events']) {
    const answer = await context.request.get(`${url}/api/v1/${path}`);
    expect(answer.status() === 401, `GET ${path} answers ${answer.status()}`);
  }
  await open(`${url}/services/buffer`);
  await page.getByLabel('Password', { exact: true }).waitFor();
});
await accessible('login');
await shootAll('login');
await check('a wrong password is refused, the right one leads to where one was', async () => {
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('That is not the password of this user').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Buffer' }).waitFor();
});

await finish();
