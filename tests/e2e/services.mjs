// SPDX-License-Identifier: Apache-2.0
// A service and the alarms of a gateway in a browser. Its services must run on this machine's Docker; claims
// it where nobody has.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_INSTANCE                     what the names of its containers begin with
//   HF_OWN                          an operator's own service with the capability NET_RAW (optional)
//   HF_VIEWER                       an account with the role viewer and admin's password (optional)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. Kills a service,
// and changes limits and thresholds: for a gateway that is there to be tried.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import {
  accessible,
  ask,
  check,
  configure,
  download,
  enterAndWait,
  expect,
  finish,
  HEALTHY_MS,
  isHealthy,
  open,
  page,
  password,
  required,
  service,
  shootAll,
  until,
  url,
} from './harness.mjs';

const instance = required('HF_INSTANCE');
const own = process.env.HF_OWN;
const viewer = process.env.HF_VIEWER;

const VICTIM = 'processor';
const RANGES = [
  ['6h', '6 h'],
  ['3d', '3 days'],
  ['10m', '10 min'],
];
const PLOTS = 4;
const KILLED = 137;
const MB = 1024 ** 2;
const SEEN_MS = 30_000;
/** An alarm that comes and goes is one: it stays for half a minute after its cause. */
const OVER_MS = 90_000;

const inspect = (service, format) =>
  execFileSync('docker', ['inspect', '--format', format, `${instance}-${service}`], {
    encoding: 'utf8',
  }).trim();

async function command(name, action) {
  const { status, body } = await ask('POST', `/services/${name}/${action}`);
  expect(status === 202, `${action} ${name} answers ${status}: ${body?.detail}`);
  const ended = async () => (await ask('GET', `/operations/${body.id}`)).body.finished !== null;
  await until(`${action} ${name} has ended`, ended, HEALTHY_MS);
}

async function show(name) {
  await open(`${url}/services/${name}`);
  await page.getByTestId('health').waitFor();
}

/** As a crash would: without the engine knowing why. */
function kill(name) {
  const pid = Number(inspect(name, '{{.State.Pid}}'));
  expect(pid > 1, `${name} has no process`);
  process.kill(pid, 'SIGKILL');
}

await enterAndWait();
await check('settings of before are not blamed for what is killed here', () =>
  configure({ upgrade: { config_gate_s: 0 } }),
);

// --- Charts

await check('the page of a service comes when it is asked for', () => show(VICTIM));
for (const [range, title] of RANGES)
  await check(`the charts show ${title}, and the address says so`, async () => {
    await page.getByRole('button', { name: title, exact: true }).click();
    await page.locator(`[data-testid=charts][data-range="${range}"]`).waitFor();
    await until(
      'all plots are drawn',
      async () => (await page.locator('[data-testid=charts] .u-over').count()) === PLOTS,
    );
    if (range !== '10m')
      expect(page.url().endsWith(`?range=${range}`), `the address is ${page.url()}`);
  });
await check('memory and its limit are measured', async () => {
  await until('some readings', async () => {
    const points = await page.getByTestId('charts').getAttribute('data-points');
    return Number(points) > 2;
  });
  await page.getByRole('img', { name: /^Memory of.*used: now [\d.]+\s[kM]B/ }).waitFor();
  await shootAll('service');
});
await check('a range that is in the address is shown at once', async () => {
  await open(`${url}/services/${VICTIM}?range=3d`);
  await page.locator('[data-testid=charts][data-range="3d"]').waitFor();
  await show(VICTIM);
});

// --- A log that does not stop

const FLOOD = 5000;
const FLOOD_A_SECOND = 1000;
const LINES_SHOWN = 500;
const floodLine = (n) => page.getByTestId('log-line').filter({ hasText: `e2e flood ${n}.` });

/** As the service itself would write it. */
async function flood() {
  const out = openSync(`/proc/${inspect(VICTIM, '{{.State.Pid}}')}/fd/1`, 'a');
  const beats = 20;
  for (let n = 0; n < FLOOD; ) {
    const lines = [];
    for (let i = 0; i < FLOOD_A_SECOND / beats; i++) lines.push(`level=info e2e flood ${n++}.\n`);
    writeSync(out, lines.join(''));
    await new Promise((resolve) => setTimeout(resolve, 1000 / beats));
  }
  closeSync(out);
}

await check(`${FLOOD_A_SECOND} lines a second are followed, and the page can still be used`, async () => {
  await page.getByTestId('log-line').first().waitFor({ timeout: SEEN_MS });
  const written = flood();
  await page.getByTestId('log-line').filter({ hasText: 'e2e flood' }).first().waitFor();
  await page.getByRole('button', { name: 'Pause' }).click();
  const last = () => page.getByTestId('log-line').last().textContent();
  const paused = await last();
  await page.getByLabel('Search the log').fill('flood');
  await page.getByLabel('Search the log').fill('');
  expect((await last()) === paused, 'it goes on while it is paused');
  await page.getByRole('button', { name: /Follow/ }).click();
  await written;
  await floodLine(FLOOD - 1).waitFor({ timeout: SEEN_MS });
  const lines = await page.getByTestId('log-line').allTextContents();
  expect(lines.length <= LINES_SHOWN, `${lines.length} lines are drawn`);
  const numbers = lines.map((line) => Number(/flood (\d+)/.exec(line)?.[1])).filter((n) => n >= 0);
  const gap = numbers.find((n, i) => i > 0 && n !== numbers[i - 1] + 1);
  expect(gap === undefined, `something is missing before ${gap}`);
});

// --- An incident

await check('a killed service is an incident, with what was found and what was done', async () => {
  kill(VICTIM);
  const incident = page.locator('[data-testid=incident][data-kind=exit]').first();
  await incident.waitFor({ timeout: SEEN_MS });
  const text = await incident.textContent();
  expect(text.includes(String(KILLED)), text);
});
await check('it comes back by itself', () => until(VICTIM, () => isHealthy(VICTIM), HEALTHY_MS));
await check('no line of its log is there twice', async () => {
  const lines = await page.getByTestId('log-line').allTextContents();
  const whole = (await ask('GET', `/services/${VICTIM}/logs?tail=1000`)).body.lines;
  expect(lines.length > 0 && lines.length <= whole.length, `${lines.length} of ${whole.length}`);
});
await accessible('service with an incident');
await shootAll('service-incident');
await check('it is a mark on the charts of each range that leads to its last lines', async () => {
  for (const [range, title] of RANGES) {
    await page.getByRole('button', { name: title, exact: true }).click();
    await page
      .locator(`[data-testid=charts][data-range="${range}"] [data-testid=mark]`)
      .first()
      .waitFor({ timeout: HEALTHY_MS }); // a range has no point before its first mean
  }
  await page.getByTestId('mark').first().click();
  await until(
    'the incident or the list',
    async () =>
      (await page.getByTestId('incident-detail').count()) > 0 || page.url().endsWith('#incidents'),
  );
  await show(VICTIM);
  await page.locator('[data-testid=incident][data-kind=exit] a').first().click();
  await page.getByTestId('incident-detail').waitFor();
  await page.getByTestId('log-line').first().waitFor();
  await page
    .getByTestId('curve')
    .getByRole('img', { name: /^Memory before it/ })
    .waitFor();
  expect(await page.getByText(`${KILLED}, SIGKILL`).count(), 'no exit code');
});
await accessible('incident');
await shootAll('incident');
await check('back leads to the service', async () => {
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Processor' }).waitFor();
});
await check('all incidents stand on one page, each with whose it is', async () => {
  await open(`${url}/incidents`);
  await page.getByTestId('incident').filter({ hasText: 'Processor: ' }).first().waitFor();
});
await check('they are found by service and by kind, and the address says so', async () => {
  const victims = page.getByTestId('incident').filter({ hasText: 'Processor: ' });
  await page.getByLabel('Service').selectOption('buffer');
  await victims.first().waitFor({ state: 'detached' });
  await page.getByLabel('Service').selectOption(VICTIM);
  await page.getByLabel('Kind').selectOption('exit');
  await page.locator('[data-testid=incident][data-kind=exit]').first().waitFor();
  const { search } = new URL(page.url());
  expect(search === `?service=${VICTIM}&kind=exit`, `the address ends with ${search}`);
  await open(`${url}/incidents?kind=oom`);
  await page.getByText('No incident is like that.').waitFor();
  await open(`${url}/incidents`);
  await page.getByTestId('incident').first().waitFor();
});
await accessible('all incidents');
await shootAll('incidents');
await check('an incident that is not kept is said to be gone', async () => {
  await open(`${url}/services/${VICTIM}/incidents/999999999`);
  await page.getByRole('heading', { name: /not kept any more/ }).waitFor();
});

// --- Limits

const limits = () => page.getByRole('region', { name: 'Limits', exact: true });
const field = (name) => limits().locator(`#${name}`);

async function lookAt(changes) {
  await limits().getByRole('button', { name: 'Change limits' }).click();
  for (const [name, value] of Object.entries(changes)) await field(name).fill(value);
  const see = limits().getByRole('button', { name: 'See what happens' });
  await see.click();
  // As a person would: see open().
  const silence = limits().getByText('The gateway does not answer');
  const answer = limits().locator('[data-how], .error-text');
  await silence.or(answer).first().waitFor();
  if (await silence.isVisible()) await see.click();
}

await check('a limit out of range is refused where it stands', async () => {
  await show(VICTIM);
  await lookAt({ pids: '0' });
  await limits()
    .getByText(/goes from 4/)
    .waitFor();
  await shootAll('limits-refused');
  await limits().getByRole('button', { name: 'Cancel' }).click();
});
await check('a change says beforehand that it needs a new container', async () => {
  await lookAt({ log_bytes: '6' });
  await limits().locator('[data-how=recreate]').waitFor();
  await shootAll('limits-plan');
  await limits().getByRole('button', { name: 'Cancel' }).click();
});
await check('memory is changed live: the container and its process stay', async () => {
  const before = await service(VICTIM);
  const pid = inspect(VICTIM, '{{.State.Pid}}');
  const wanted = before.limits.memory_bytes + 16 * MB;
  await lookAt({ memory_bytes: String(wanted / MB) });
  await limits().locator('[data-how=live]').waitFor();
  await limits().getByRole('button', { name: 'Change it' }).click();
  await limits().getByText('Changed, without a restart.').waitFor();
  await until(
    'the new limit in the engine',
    () => inspect(VICTIM, '{{.HostConfig.Memory}}') === String(wanted),
    SEEN_MS,
  );
  expect(inspect(VICTIM, '{{.State.Pid}}') === pid, 'it was restarted');
  await until('the new limit on the page', async () =>
    (await limits().getByTestId('limit-memory_bytes').textContent()).startsWith(
      String(wanted / MB),
    ),
  );
});
await check('what an earlier container wrote is there after a change by a new one', async () => {
  const container = inspect(VICTIM, '{{.Id}}');
  await lookAt({ log_bytes: '6' });
  await limits().locator('[data-how=recreate]').waitFor();
  await limits().getByRole('button', { name: 'Change it' }).click();
  await until(
    'a new container',
    async () => (await service(VICTIM)).container?.id !== container && isHealthy(VICTIM),
    HEALTHY_MS,
  );
  await page.getByRole('button', { name: 'Earlier containers' }).click();
  await page.getByTestId('log-line').first().waitFor({ timeout: SEEN_MS });
  await shootAll('log-earlier');
});
await check('the log can be left to the bad lines, and taken along whole', async () => {
  await page.getByRole('button', { name: 'This container' }).click();
  await page.getByTestId('log-line').first().waitFor({ timeout: SEEN_MS });
  await page.getByLabel('Level').selectOption('error');
  expect(
    (await page.locator('[data-testid=log-line]:not(.tone-bad)').count()) === 0,
    'lines that are no errors are shown',
  );
  const file = await download('Download');
  expect(readFileSync(await file.path(), 'utf8').trim().length > 0, 'the file is empty');
});

// --- Alarms

const alarm = (kind) => page.locator(`[data-testid=alarm][data-kind=${kind}]`);
const number = () =>
  page
    .getByTestId('alarm-count')
    .textContent({ timeout: 2000 })
    .then(
      (text) => Number.parseInt(text, 10),
      () => 0,
    );

await check('an alarm is counted beside its page, and is on the overview', async () => {
  await open(url);
  await page.getByTestId('sentence').waitFor();
  const before = await number();
  await configure({ alarms: { thresholds: { disk_percent: [1, 99] } } });
  await until('it is counted', async () => (await number()) > before, SEEN_MS);
  await page.getByTestId('worst-alarms').getByRole('link').first().waitFor();
});
await accessible('overview with an alarm');
await shootAll('overview-alarm');
await check('it has a cause, advice and a place in every filter', async () => {
  await page
    .getByRole('link', { name: /^Alarms/ })
    .first()
    .click();
  await alarm('disk_full').first().waitFor(); // one for each file system
  expect(await alarm('disk_full').locator('.advice').count(), 'there is no advice');
  await open(`${url}/alarms?kind=disk_full&severity=warn`);
  await alarm('disk_full').first().waitFor();
  await open(`${url}/alarms?kind=disk_full&severity=bad`);
  await page.getByText('No alarm is like that.').waitFor();
  await open(`${url}/alarms`);
});
await accessible('alarms');
await shootAll('alarms');
await check('alarms are exported as they are filtered', async () => {
  await open(`${url}/alarms?kind=disk_full`);
  await alarm('disk_full').first().waitFor();
  const begun = await download('Export these', 'button');
  const lines = readFileSync(await begun.path(), 'utf8').trim().split('\r\n');
  expect(/-alarms-[\d-]+\.csv$/.test(begun.suggestedFilename()), begun.suggestedFilename());
  expect(lines[0].startsWith('id,severity,kind,subject,raised'), lines[0]);
  expect(lines.length > 1 && lines.slice(1).every((l) => l.includes(',disk_full,')), lines.join());
  await open(`${url}/alarms`);
});
await check('once acknowledged it is no longer counted, and stays', async () => {
  await alarm('disk_full').first().waitFor();
  const before = await number();
  const seen = page.locator('[data-kind=disk_full][data-acknowledged=true]').first();
  await alarm('disk_full').getByRole('button', { name: 'Acknowledge' }).first().click();
  await seen.getByText(/acknowledged by admin/).waitFor();
  await until('one less is counted', async () => (await number()) === before - 1, SEEN_MS);
});
await check('it goes when its cause is gone, and is still among all', async () => {
  await configure({ alarms: { thresholds: { disk_percent: null } } });
  await until('they are gone', async () => (await alarm('disk_full').count()) === 0, OVER_MS);
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await alarm('disk_full')
    .getByText(/over since/)
    .first()
    .waitFor();
});
await check('where the answer does not come, it says so and mends itself', async () => {
  await page.route('**/api/v1/alarms*', (route) => route.abort());
  await page.getByRole('button', { name: 'Active', exact: true }).click();
  await page.getByTestId('trouble').waitFor();
  await page.unroute('**/api/v1/alarms*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByTestId('trouble').waitFor({ state: 'detached' });
});

// --- An operator's own service

if (own) {
  await check('an own service stands among the others, marked as such', async () => {
    await open(`${url}/services`);
    const item = page
      .getByRole('listitem')
      .filter({ has: page.locator(`a[href="/services/${own}"]`) });
    await item
      .first()
      .getByTitle(/^A service of your own/)
      .waitFor();
    await until('it is healthy', () => isHealthy(own), HEALTHY_MS);
  });
  await shootAll('services-own');
  await check('what its release relaxes is written on its page, and nothing else is', async () => {
    await show(own);
    const hardening = page.getByRole('region', { name: 'Hardening' });
    await hardening.getByText('1 relaxation').waitFor();
    const relaxed = await hardening
      .getByTestId('relaxations')
      .getByRole('listitem')
      .allTextContents();
    expect(relaxed.join() === 'capability NET_RAW', `it says ${relaxed}`);
    await show(VICTIM);
    await page.getByText('as strict as by default').waitFor();
    await show(own);
  });
  await accessible('own service');
  await shootAll('service-own');
  await check('a start that waits for another service is given up, and it stays stopped', async () => {
    await command(own, 'stop');
    await command('broker', 'stop');
    await show(own);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const strip = page.getByTestId('progress');
    await strip.getByRole('button', { name: 'Give it up' }).click();
    await strip.getByText('Given up by admin').waitFor();
    expect((await service(own)).state !== 'running', 'it runs');
    await command('broker', 'start');
    await until('the broker is healthy', () => isHealthy('broker'), HEALTHY_MS);
    expect((await service(own)).desired === 'stopped', 'it is to run');
    await command(own, 'start');
    await until('it is healthy', () => isHealthy(own), HEALTHY_MS);
  });
}

// --- Who may only look

if (viewer)
  await check('a viewer sees all of it, and no button that is not for viewers', async () => {
    const { status } = await ask(
      'POST',
      '/login',
      { user: viewer, password },
      { 'Content-Type': 'application/json' },
    );
    expect(status === 200, `the login of ${viewer} answers ${status}`);
    await show(VICTIM);
    await page.getByTestId('limit-memory_bytes').waitFor();
    for (const name of ['Restart', 'Stop', 'Change limits'])
      expect((await page.getByRole('button', { name }).count()) === 0, `there is “${name}”`);
    await open(`${url}/alarms?state=all`);
    await page.getByTestId('alarm').first().waitFor();
    expect(
      (await page.getByRole('button', { name: /Acknowledge/ }).count()) === 0,
      'there is “Acknowledge”',
    );
  });
if (viewer)
  await check('and is refused where no button is needed', async () => {
    for (const path of [`/services/${VICTIM}/restart`, '/alarms/1/acknowledge']) {
      const { status } = await ask('POST', path);
      expect(status === 403, `POST ${path} answers ${status}`);
    }
  });

await finish();
