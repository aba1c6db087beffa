// SPDX-License-Identifier: Apache-2.0
// Releases of a gateway in a browser: a good and a bad upgrade, a rollback by a person, and what is in the way.
// Claims it where nobody has.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_INSTANCE                     what the names of its containers begin with
//   HF_RELEASES                     a folder with good.json, bad.json (its processor ends at once), older.json (whose
//                                   counter is lower) and floating.json, which is refused for its tag
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. Applies releases: for a
// gateway that is there to be tried.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import {
  accessible,
  button,
  check,
  context,
  enter,
  expect,
  finish,
  open,
  page,
  required,
  shootAll,
  until,
  url,
} from './harness.mjs';

const instance = required('HF_INSTANCE');
const folder = required('HF_RELEASES');

const SERVICES = ['broker', 'processor', 'buffer', 'forwarder'];
/** Images may have to be pulled first, and a service proves its health only after some readings. */
const HEALTHY_MS = 120_000;
const STEP_MS = 60_000;
const END_MS = 180_000;
const GATE_S = 12;

const fileOf = (name) => `${folder}/${name}.json`;
const labelled = (release) => ({ ...release, label: `${release.name} ${release.version}` });
const releaseOf = (name) => labelled(JSON.parse(readFileSync(fileOf(name), 'utf8')));
const imageOf = (service) =>
  execFileSync('docker', ['inspect', '--format', '{{.Image}}', `${instance}-${service}`], {
    encoding: 'utf8',
  }).trim();

/**
 * With the session of the page, and beside it: a browser breaks off what it asks when containers come and go. The
 * gateway takes so many connections of an address, and those of the browser before may not be gone yet.
 */
async function ask(method, path, body, headers = {}) {
  const answer = await context.request.fetch(`${url}/api/v1${path}`, {
    method,
    headers,
    maxRetries: 6,
    ...(body === undefined ? {} : { data: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status(),
    tag: answer.headers()['etag'] ?? '',
    body: text ? JSON.parse(text) : null,
  };
}

const isHealthy = async (name) =>
  (await ask('GET', `/services/${name}`)).body?.health === 'healthy';
const upgrade = async () => (await ask('GET', '/releases/upgrade')).body;
const running = async () => (await ask('GET', '/release')).body.name;

async function configure(patch) {
  const { tag } = await ask('GET', '/config');
  const answer = await ask('PATCH', '/config', patch, {
    'If-Match': tag,
    'Content-Type': 'application/merge-patch+json',
  });
  expect(answer.status === 200, `PATCH /config answers ${answer.status}: ${answer.body?.detail}`);
}

/** What a change of networks broke off is loaded again. */
async function showReleases() {
  await until('the releases are shown', async () => {
    await open(`${url}/releases`);
    return page
      .getByTestId('answer')
      .waitFor({ timeout: 10_000 })
      .then(
        () => true,
        () => false,
      );
  });
  await page.getByTestId('release').first().waitFor();
}

/** By its name in the list. */
const listed = (name) =>
  page
    .getByTestId('release')
    .filter({ has: page.getByRole('link', { name, exact: true }) })
    .first();
const step = (key, state) => page.locator(`[data-step="${key}"][data-state="${state}"]`);

async function add(name) {
  await showReleases();
  await page.getByLabel('Release file').setInputFiles(fileOf(name));
  await button('Add it').click();
}

async function plan(name) {
  await add(name);
  await page.getByRole('heading', { level: 1, name: releaseOf(name).label }).waitFor();
  await page.getByTestId('plan').waitFor();
}

async function apply(name) {
  await button(`Apply ${releaseOf(name).label}`).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Apply it' }).click();
  await page.getByTestId('steps').waitFor({ timeout: STEP_MS });
}

/** Seen on the page, and true of the gateway. */
async function ends(state) {
  await page.locator(`[data-testid=steps][data-state=${state}]`).waitFor({ timeout: END_MS });
  const now = await upgrade();
  expect(now.state === state, `it is ${now.state}: ${now.reason}`);
}

/** Every container is what the release of that file pins. */
async function isAsReleased(release) {
  for (const [service, { image_id, platforms }] of Object.entries(release.services))
    expect(
      imageOf(service) === (image_id ?? Object.values(platforms)[0].config),
      `${service} is not of ${release.name}`,
    );
}

async function as(role) {
  const { body } = await ask('GET', '/session');
  await page.route('**/api/v1/session', (route) => route.fulfill({ json: { ...body, role } }));
  await showReleases();
  for (const name of [/^Add it/, /^Freeze/, /^Roll back/, /^Give it up/])
    expect((await page.getByRole('button', { name }).count()) === 0, `there is ${name}`);
}

await check('admin comes in', enter);
for (const name of SERVICES)
  await check(`${name} is healthy`, () => until(name, () => isHealthy(name), HEALTHY_MS));
await check('the watch is set for a test', () =>
  configure({
    upgrade: { gate_s: GATE_S, switch_s: 20, freeze: false, max_backlog: 0, config_gate_s: 60 },
  }),
);
const first = labelled((await ask('GET', '/release')).body);

// --- Before anything

/** What a page is made of can be broken off on its way, as an address can: see open(). */
async function followTo(link, heading) {
  await until(
    `${heading} is shown`,
    async () => {
      await open(url);
      await page
        .getByRole('navigation', { name: 'Pages' })
        .getByRole('link', { name: link })
        .click();
      return page
        .getByRole('heading', { level: 1, name: heading })
        .waitFor({ timeout: 5000 })
        .then(
          () => true,
          () => false,
        );
    },
    STEP_MS,
  );
}

await check('the page says what runs, and that nothing has been applied yet', async () => {
  await followTo('Releases', `${first.label} runs.`);
  await page.getByText('None yet. Each one ends with').waitFor();
});
await accessible('releases, the first one');
await shootAll('releases-first');
await check('a file that is no release is refused with what is wrong with it', async () => {
  await add('floating');
  await page.getByTestId('refused').getByText(/tag/).first().waitFor();
});
await accessible('a release that is refused');
await shootAll('releases-refused');

// --- A good one

await check('a release is added by its file, and its plan comes before the button', async () => {
  await plan('good');
  const changes = await page
    .getByTestId('change')
    .evaluateAll((all) => all.map((one) => one.dataset.service));
  expect(changes.join() === 'processor,forwarder', `it says that ${changes} change`);
  await page.getByText(/^Not touched: Broker, Buffer\b.*\.$/).waitFor();
  await page
    .getByTestId('warnings')
    .getByText(/No signature was checked/)
    .waitFor();
  await page.getByText('What is published comes through').waitFor();
  await page.getByRole('heading', { name: `Otherwise ${first.label} runs again` }).waitFor();
});
await accessible('a plan');
await shootAll('releases-plan');
await check('an operator sees the plan, and cannot apply it', async () => {
  await as('operator');
  await page.getByRole('link', { name: `See plan of ${releaseOf('good').label}` }).click();
  await page.getByText('An admin can apply it.').waitFor();
  expect((await page.getByRole('button', { name: /^Apply/ }).count()) === 0, 'there is “Apply”');
  await page.unroute('**/api/v1/session');
});
await check('while upgrades are frozen the plan says so, and the button is off', async () => {
  await configure({ upgrade: { freeze: true } });
  await page.reload();
  await page
    .getByTestId('obstacles')
    .getByText(/frozen/)
    .waitFor();
  expect(await button(`Apply ${releaseOf('good').label}`).isDisabled(), 'the button is on');
});
await shootAll('releases-frozen');
await check('an admin lifts the freeze on the page', async () => {
  await showReleases();
  await until('it is lifted', async () => {
    const lift = button('Lift the freeze');
    if (await lift.count()) await lift.click();
    return page.getByRole('status').filter({ hasText: 'can be applied again' }).count();
  });
  await page.getByRole('link', { name: `See plan of ${releaseOf('good').label}` }).click();
  await page.locator('[data-testid=plan][data-possible=true]').waitFor();
});
await check('outside of its windows the plan says for which it would wait', async () => {
  const inHours = (hours) => new Date(Date.now() + hours * 3_600_000).toTimeString().slice(0, 5);
  const later = `${inHours(2)}–${inHours(3)}`;
  await showReleases();
  const card = page.getByRole('region', { name: 'Upgrade settings' });
  await card.getByRole('button', { name: /^Change/ }).click();
  await card.getByLabel('Windows').fill('at night');
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByText('“at night” is no window').waitFor();
  await card.getByLabel('Windows').fill(later);
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByText(`every day ${later}`).waitFor();
  await page.getByRole('link', { name: `See plan of ${releaseOf('good').label}` }).click();
  await page.getByTestId('warnings').getByText('waits for the next window').waitFor();
  await configure({ upgrade: { windows: null } });
  await page.reload();
  await page.locator('[data-testid=plan][data-possible=true]').waitFor();
  const text = await page.getByTestId('warnings').textContent();
  expect(!text.includes('window'), `it still says ${text}`);
});
await check('Esc in the last question applies nothing', async () => {
  await button(`Apply ${releaseOf('good').label}`).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await upgrade()).state === 'idle', 'it has begun');
});
await check('it is applied, and waits in the gate with its countdown and checks', async () => {
  await apply('good');
  await step('gate', 'now').waitFor({ timeout: END_MS });
  for (const name of ['fetch', 'processor', 'forwarder']) await step(name, 'done').waitFor();
  await step('processor', 'done')
    .getByText(/^was away for/)
    .waitFor();
  expect((await page.locator('[data-check]').count()) === 5, 'not all checks are shown');
  const left = Number(await page.getByTestId('gate').getAttribute('data-remaining'));
  expect(left > 0 && left <= GATE_S, `${left} s to go of ${GATE_S}`);
});
await shootAll('releases-gate');
await check('the good one is kept, and runs', async () => {
  await ends('committed');
  await page.getByRole('heading', { level: 1, name: `${releaseOf('good').label} runs.` }).waitFor();
  await listed(releaseOf('good').label).and(page.locator('[data-state=running]')).waitFor();
  await page
    .locator('[data-testid=past][data-outcome=committed]')
    .getByText(/^Away:/)
    .waitFor();
  await isAsReleased(releaseOf('good'));
});
await accessible('releases, after a good one');
await shootAll('releases-committed');

// --- A bad one

await check('a bad one goes back by itself, and the page says why', async () => {
  await plan('bad');
  await apply('bad');
  await page
    .locator('[data-testid=steps][data-state=rolling_back]')
    .or(page.locator('[data-testid=steps][data-state=rolled_back]'))
    .waitFor({ timeout: END_MS });
  await ends('rolled_back');
  const good = releaseOf('good').label;
  await page
    .getByRole('heading', {
      level: 1,
      name: `${releaseOf('bad').label} was not kept. ${good} runs.`,
    })
    .waitFor();
  await step('why', 'failed')
    .getByText(/'processor'/)
    .waitFor();
  await isAsReleased(releaseOf('good'));
});
await accessible('releases, after a bad one');
await shootAll('releases-rolled-back');
await check('the overview says what runs, and that the other was not kept', async () => {
  await open(url);
  const card = page.getByRole('region', { name: 'Release', exact: true });
  await card.getByText(releaseOf('good').label, { exact: true }).waitFor();
  await card.getByText(`${releaseOf('bad').label} was not kept`).waitFor();
});
await check('what was seen of it is one press away, with its last lines', async () => {
  await showReleases();
  await page.getByTestId('seen').click();
  await page.getByTestId('incident-detail').waitFor();
  await page.getByTestId('log-line').filter({ hasText: 'made to end' }).first().waitFor();
});

// --- Waiting, given up, and back

await check('while too much is held it waits and says for what, on the overview too', async () => {
  await configure({ upgrade: { max_backlog: 1 } });
  // What comes while the uplink is away is held.
  const id = (await ask('GET', '/releases')).body.releases.find((r) => r.name === first.label).id;
  expect((await ask('POST', '/services/forwarder/stop')).status === 202, 'it is not stopped');
  await until('the forwarder is away', async () => {
    const { body } = await ask('GET', '/services/forwarder');
    return body.state === 'stopped';
  });
  execFileSync('mosquitto_pub', [
    ...['-h', process.env.HF_FIELD_HOST ?? '127.0.0.1', '-p', process.env.HF_FIELD_PORT ?? '1883'],
    ...['-q', '1', '-t', 'e2e/releases/temp', '-m', '21.5'],
  ]);
  await until('one is held', async () => (await ask('GET', '/buffer')).body.held > 0, STEP_MS);
  const { tag } = await ask('POST', `/releases/${id}/plan`);
  const begun = await ask('POST', `/releases/${id}/apply`, undefined, { 'If-Match': tag });
  expect(begun.status === 202, `apply answers ${begun.status}: ${begun.body?.detail}`);
  await showReleases();
  await page
    .getByRole('heading', { level: 1, name: /waits to switch/ })
    .waitFor({ timeout: STEP_MS });
  await page
    .getByText(/waits until there are fewer than 1/)
    .first()
    .waitFor();
  await shootAll('releases-waiting');
  await open(url);
  await page.getByTestId('under-way').getByRole('link', { name: 'Watch its steps' }).click();
  await page.getByTestId('steps').waitFor();
});
await check('a person gives it up, and nothing has changed', async () => {
  await button('Give it up').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Give it up' }).click();
  await ends('rolled_back');
  await page.locator('[data-testid=past]').first().getByText('given up', { exact: true }).waitFor();
  expect((await running()) === releaseOf('good').name, `${await running()} runs`);
  await configure({ upgrade: { max_backlog: 0 } });
  expect((await ask('POST', '/services/forwarder/start')).status === 202, 'it is not started');
  await until('the forwarder', () => isHealthy('forwarder'), HEALTHY_MS);
});
await check('a person rolls back; nothing can be lost, so nothing is to be typed', async () => {
  await showReleases();
  await button(`Roll back to ${first.label}`).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Records and settings stay.').waitFor();
  expect((await dialog.getByRole('textbox').count()) === 0, 'something is to be typed');
  await dialog.getByRole('button', { name: 'Roll back', exact: true }).click();
  await until('it has begun', async () => (await upgrade()).kind === 'rollback', STEP_MS);
  await until('it has ended', async () => (await upgrade()).finished !== null, END_MS);
  await ends('committed');
  await page.getByRole('heading', { level: 1, name: `${first.label} runs.` }).waitFor();
  await isAsReleased(first);
});

// --- An older one

await check('an older one says so, and is applied only after that was confirmed', async () => {
  const { label } = releaseOf('older');
  await plan('older');
  await page.getByTestId('obstacles').getByText(/older/).first().waitFor();
  await button(`Apply the older ${label}`).click();
  await shootAll('releases-older');
  await page.getByRole('dialog').getByRole('button', { name: 'Apply the older one' }).click();
  await page.getByTestId('steps').waitFor({ timeout: STEP_MS });
  expect((await upgrade()).release.name === label, 'another one has begun');
  await button('Give it up').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Give it up' }).click();
  await ends('rolled_back');
  await isAsReleased(first);
});

// --- The configuration

await check(
  'other settings are watched, say what they changed, and can be taken back',
  async () => {
    const was = (await ask('GET', '/config')).body.buffer.window_ms;
    await configure({ buffer: { window_ms: was + 50 } });
    await open(`${url}/settings/configuration`);
    await page
      .getByTestId('trial')
      .getByText(/is watched/)
      .waitFor();
    const changed = page.getByTestId('revision').first();
    await changed.getByRole('button', { name: /^What it changed/ }).click();
    await changed.getByText('/buffer/window_ms').waitFor();
    await page
      .getByTestId('revision')
      .nth(1)
      .getByRole('button', { name: /^Return to it/ })
      .click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('/buffer/window_ms').waitFor();
    await dialog.getByRole('button', { name: 'Return to it', exact: true }).click();
    await page.getByText('It is in force again.').waitFor();
    const now = (await ask('GET', '/config')).body.buffer.window_ms;
    expect(now === was, `the window is ${now} ms, and was ${was}`);
  },
);
await accessible('revisions');
await shootAll('revisions');

// --- What does not come, and who may do what

await check('where the answer does not come, it says so and mends itself', async () => {
  await page.route('**/api/v1/releases', (route) => route.abort());
  await open(`${url}/releases`);
  await page.getByTestId('trouble').waitFor();
  await page.unroute('**/api/v1/releases');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByTestId('release').first().waitFor();
});
await check('a release that is not known is said to be so', async () => {
  await open(`${url}/releases/${'0'.repeat(32)}`);
  await page.getByRole('heading', { level: 1, name: 'This release is not known here.' }).waitFor();
});
await check('one that failed can be forgotten', async () => {
  const { label } = releaseOf('bad');
  await showReleases();
  await page.getByRole('link', { name: label, exact: true }).click();
  await button('Forget it').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Forget it' }).click();
  await page.getByTestId('answer').waitFor();
  await until('it is gone', async () => (await listed(label).count()) === 0);
});

const one = () => page.getByRole('link', { name: releaseOf('good').label, exact: true });

await check('a viewer sees it all but the plans, and no button', async () => {
  await as('viewer');
  expect((await page.getByRole('link', { name: /^See plan/ }).count()) === 0, 'there is a plan');
  await page.unroute('**/api/v1/session');
});
await accessible('releases, for a viewer');
await check('an operator sees the way back, and cannot press it', async () => {
  await as('operator');
  await one().click();
  await page.getByText('An admin can roll back to it.').waitFor();
  await page.unroute('**/api/v1/session');
});

await finish();
