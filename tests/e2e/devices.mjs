// SPDX-License-Identifier: Apache-2.0
// Devices of a gateway in a browser: who publishes, accounts, how a device is added and comes by what it is
// told, and who may come at all. Claims the gateway where nobody has; its services must run.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_FIELD_HOST, HF_FIELD_PORT    where devices publish to
//   HF_VIEWER                       an account with the role viewer and admin's password (optional)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. Processor and broker
// are stopped and made anew: for a gateway that is there to be tried.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  HEALTHY_MS,
  accessible,
  ask,
  button,
  check,
  configure,
  dialog,
  enterAndWait,
  expect,
  finish,
  isHealthy,
  newVisitor,
  open,
  page,
  password,
  publish,
  publishMany,
  shootAll,
  until,
  url,
} from './harness.mjs';

const viewer = process.env.HF_VIEWER;
const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));
const PATH_MS = 30_000;
const MANY = 2000;
const PAGE = 50;
const LONG = `long-${'n'.repeat(115)}`;
const NAMES = [
  'e2e-lathe',
  LONG,
  'חיישן-לחץ-7',
  '<script>document.title=7',
  '<img src=x onerror=alert(1)>',
  '🌡️-🔥',
];

const link = (name) => page.getByRole('link', { name, exact: true });
const devices = () => page.getByTestId('device');
const names = () => page.locator('.device-name').allInnerTexts();
const account = (name) => page.getByTestId('account').filter({ hasText: name });
const done = (text) => page.getByRole('status').filter({ hasText: text }).first().waitFor();
const heading = (name) => page.getByRole('heading', { level: 1, name }).waitFor();
const tab = (name) =>
  page.getByRole('navigation', { name: 'Devices' }).getByRole('link', { name }).click();

async function show(path, name) {
  await open(`${url}${path}`);
  await heading(name);
}

async function find(text) {
  await page.getByRole('searchbox').fill(text);
}

async function only(name) {
  await find(name.slice(0, 20));
  await until(`only ${name} is listed`, async () => {
    const shown = await names();
    return shown.length === 1 && shown[0] === name;
  }, PATH_MS);
}

await enterAndWait();

// --- Who publishes

await check('while the list is on its way its place is held', async () => {
  let release;
  const held = new Promise((resolve) => {
    release = resolve;
  });
  await page.route('**/api/v1/devices?*', async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole('link', { name: 'Devices' }).click();
  await heading('Who publishes here.');
  await page.getByText('Asking the gateway').waitFor({ state: 'attached' });
  await shootAll('devices-loading');
  release();
  await page.unrouteAll({ behavior: 'wait' });
});
await check('a device is listed with its last value', async () => {
  publish(`e2e/${NAMES[0]}/temp`, '{"t":21.5,"unit":"°C"}');
  await show('/devices', /device/);
  await page.getByRole('searchbox').waitFor({ timeout: PATH_MS });
  await only(NAMES[0]);
  await devices().getByText('talking').waitFor();
  await devices().locator('summary').click();
  await devices().locator('.payload').getByText('"t": 21.5').waitFor();
  await devices().getByText(`e2e/${NAMES[0]}/temp`).last().waitFor();
});
await accessible('a device that is open');
await shootAll('devices-open');
await check('its records are a link away', async () => {
  await devices().getByRole('link', { name: 'Its records that are held' }).click();
  await page.getByLabel('Topic').waitFor();
  expect((await page.getByLabel('Topic').inputValue()) === `e2e/${NAMES[0]}/temp`, 'another topic');
  await page.goBack();
  await devices().first().waitFor();
});
await check('whatever a device is called, it is shown and does nothing', async () => {
  const title = await page.title();
  for (const name of NAMES) publish(`e2e/${name}/🌡️`, '"<b>x</b>"');
  for (const name of NAMES) await only(name);
  const made = await page.locator('main script, main img, main bdi b').count();
  expect(made === 0, `${made} elements were made of names and values`);
  expect((await page.title()) === title, 'a script has run');
});
await check('one that is longer than a name can be harms nothing', async () => {
  publish(`e2e/${'x'.repeat(200)}/temp`, '1');
  await only(NAMES[0]);
});

// --- Two thousand of them

await check(`${MANY} devices are a page each, and none is there twice`, async () => {
  const all = Array.from({ length: MANY }, (_, i) => `fleet-${String(i).padStart(4, '0')}`);
  await publishMany(all.map((name, i) => [`e2e/${name}/temp`, String(i)]));
  await until(
    'all are known',
    async () => (await ask('GET', '/devices?limit=1')).body.total >= MANY,
    PATH_MS,
  );
  await show('/devices', /2,\d+ devices/);
  await find('fleet-');
  await until('the first page', async () => (await names())[0] === all[0]);
  const first = await names();
  expect(first.length === PAGE, `${first.length} on a page`);
  await button('Next').click();
  await until('the second page', async () => (await names())[0] === all[PAGE]);
  await page.getByText('Page 2').waitFor();
  expect((await names()).join() === all.slice(PAGE, 2 * PAGE).join(), 'another second page');
  await button('Previous').click();
  await until('the first again', async () => (await names())[0] === all[0]);
  expect(await button('Previous').isDisabled(), 'there is one before the first');
});
await check('one of them is found, wherever it stands', async () => {
  await only('fleet-1987');
  expect(new URL(page.url()).search === '?search=fleet-1987', 'it is not in the address');
  await page.reload();
  await until('still only it', async () => (await names()).join() === 'fleet-1987');
});
await check('what is not there is said', async () => {
  await find('no such device');
  await page.getByText('No device is named like that.').waitFor();
});
await check('the silent ones are looked for among all', async () => {
  await find('');
  await button('Silent only').click();
  await page.getByText('None of them is silent.').or(devices().first()).first().waitFor();
  await page.getByRole('heading', { level: 1, name: /silent|talking/ }).waitFor();
  expect(new URL(page.url()).search === '?silent=1', page.url());
  await accessible('devices, silent only');
  await button('Silent only').click();
  await until('all again', async () => (await names()).length === PAGE);
});
await accessible('devices');
await shootAll('devices');

// --- The processor is away

async function command(name, action) {
  const { status, body } = await ask('POST', `/services/${name}/${action}`);
  expect(status === 202, `${action} ${name} answers ${status}: ${body?.detail}`);
  const ended = async () => (await ask('GET', `/operations/${body.id}`)).body.finished !== null;
  await until(`${action} ${name} has ended`, ended, HEALTHY_MS);
}

await check('while the processor is away what was known stays, and is said to be older', async () => {
  await command('processor', 'stop');
  await page.getByTestId('trouble').getByText('What is shown here is older.').waitFor();
  expect((await names()).length === PAGE, 'the list has gone');
  await accessible('devices, older');
  await shootAll('devices-older');
  await command('processor', 'start');
  await until('healthy', () => isHealthy('processor'), HEALTHY_MS);
});
await check('when it has forgotten them, nobody is there yet', async () => {
  // Its memory begins with it; what others publish meanwhile is not to be seen here.
  await page.route('**/api/v1/devices?*', (route) =>
    route.fulfill({ json: { devices: [], next: null, total: 0, forgotten: 0 } }),
  );
  await show('/devices', 'No device has published yet.');
  await page.getByText('Point a device at this gateway').waitFor();
  await accessible('devices, none');
  await shootAll('devices-none');
  await page.unrouteAll({ behavior: 'wait' });
});

// --- Accounts

await check('that devices need no account is said, and where it is changed', async () => {
  await tab('Accounts');
  await page.getByText('Devices without an account are let in.').waitFor();
  await page.getByText('No device has an account yet.').waitFor();
  await shootAll('accounts-none');
});

/** What the page says, as somebody pastes it. */
async function pasteLine() {
  const line = (await page.locator('.connect .line code').innerText()).trim();
  execFileSync('sh', ['-c', line], { cwd: folder, timeout: PATH_MS });
}

await check('a device needs a name that can be one', async () => {
  await link('Add a device').click();
  await button('Add it').click();
  await page.getByText('A device needs a name').waitFor();
  const name = page.getByLabel('Name', { exact: true });
  expect(await name.evaluate((e) => e === document.activeElement), 'the field has no focus');
  await name.fill('press 7');
  await page.getByLabel('May publish to').fill('sensors/#/x');
  await button('Add it').click();
  await until('both are marked', async () => (await page.locator('.has-error').count()) >= 1);
});
await accessible('a device that cannot be added');
await shootAll('device-add-errors');
await check('it gets an account, and its password once', async () => {
  await page.getByLabel('Name', { exact: true }).fill('e2e-press');
  await page.getByLabel('May publish to').fill('sensors/%u/#');
  await page.getByText('So: sensors/e2e-press/#').waitFor();
  await page.getByLabel('Description').fill('Hall 2, מכבש');
  await shootAll('device-add');
  await button('Add it').click();
  await page.getByTestId('secret').waitFor();
  await page.getByText('Waiting for the first message of e2e-press').waitFor();
});
await accessible('a device that was added');
await shootAll('device-added');
for (const [title, word] of [
  ['Arduino', 'mqtt.publish("sensors/e2e-press/test"'],
  ['ESP-IDF', '.credentials.username = "e2e-press"'],
  ['MicroPython', 'client.publish("sensors/e2e-press/test"'],
])
  await check(`${title} has a beginning with its account in it`, async () => {
    await button(title).click();
    const code = await page.getByTestId('code').innerText();
    const secret = await page.getByTestId('secret').locator('code').innerText();
    expect(code.includes(word), code);
    expect(code.includes(JSON.stringify(secret)), 'the password is not in it');
    if (title === 'Arduino') await accessible('a beginning for a program');
    await shootAll(`device-added-${title.toLowerCase()}`);
  });
await check('a phone can take the address from the screen', async () => {
  await button('QR code').click();
  await page.getByTestId('qr').locator('path').waitFor();
  await accessible('a code for a phone');
  await shootAll('device-added-qr');
});
await check('the line that is shown works as it stands, and its message is seen', async () => {
  await button('Command line').click();
  await pasteLine();
  await page.getByText('e2e-press has published.').waitFor({ timeout: PATH_MS });
  await page.getByText('sensors/e2e-press/test: 21.5').waitFor();
});

await check('a file with something wrong is refused with its place', async () => {
  await tab('Accounts');
  await link('Import many').click();
  const csv = (text) => ({ name: 'devices.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.getByLabel('CSV file').setInputFiles(csv('e2e-a\ne2e b\n'));
  await button('Import it').click();
  await page.getByTestId('account-refused').getByText('Line 2, column 1').waitFor();
  await accessible('an import that was refused');
  await shootAll('devices-import-refused');
  await page.getByLabel('CSV file').setInputFiles(csv('e2e-a\ne2e-b\n'));
  await button('Import it').click();
  await page.getByTestId('imported').getByText('2 imported').waitFor();
});
await accessible('an import');
await shootAll('devices-import');
await check('accounts are listed and found', async () => {
  await tab('Accounts');
  await account('e2e-b').waitFor();
  await accessible('accounts');
  await shootAll('accounts');
  await find('press');
  await until('one of them', async () => (await page.getByTestId('account').count()) === 1);
  await account('e2e-press').click();
  await heading('e2e-press');
});
await check('an account says what was heard of it, and never its password', async () => {
  await devices().getByText('sensors/e2e-press/test').first().waitFor({ timeout: PATH_MS });
  await page.getByText('The password is known to nobody but the device').waitFor();
  expect((await page.locator('.connect .line code').innerText()).includes(' -P PASSWORD '), 'known');
});
await accessible('an account');
await shootAll('account');
await check('what it may do is changed, with a word on what is wrong', async () => {
  await button('Change…').click();
  await page.getByLabel('May publish to').fill('a/#/b');
  await button('Save').click();
  await page.locator('.has-error').first().waitFor();
  await page.getByLabel('May publish to').fill('sensors/%u/# hall/%u/+');
  await button('Save').click();
  await done('Saved.');
  await page.locator('.topic-list').getByText('hall/e2e-press/+').waitFor();
});
await check('another password is shown once, and the old one gone', async () => {
  await button('New password…').click();
  await dialog().getByText('shown once').waitFor();
  await shootAll('account-sure');
  await dialog().getByRole('button', { name: 'Make a new one' }).click();
  await page.getByTestId('secret').waitFor();
  const secret = await page.getByTestId('secret').locator('code').innerText();
  const line = (await page.locator('.connect .line code').innerText()).trim();
  expect(line.includes(secret), 'the line has another one');
  await page.reload();
  await heading('e2e-press');
  expect((await page.getByTestId('secret').count()) === 0, 'it is shown twice');
});
await check('it is disabled, and enabled again', async () => {
  await button('Disable…').click();
  await dialog().getByRole('button', { name: 'Disable it' }).click();
  await done('e2e-press is disabled.');
  await button('Enable…').click();
  await dialog().getByRole('button', { name: 'Enable it' }).click();
  await done('e2e-press is enabled.');
});

// --- Who may come, and how

const days = () => page.getByLabel('A session ends after');
const confirmed = async () => {
  await button('Save…').click();
  await dialog().getByRole('button', { name: 'Change it' }).click();
};

await check('a number out of range is refused where it stands', async () => {
  await tab('Access');
  await days().fill('6');
  await button('Save…').click();
  await page.getByText('goes from 7 to 3650 days').waitFor();
  expect(await days().evaluate((e) => e === document.activeElement), 'it has no focus');
  await accessible('access, refused');
});
await check('who was slower loses nothing and overwrites nothing', async () => {
  const { body } = await ask('GET', '/config');
  await days().fill(String(body.broker.session_days === 91 ? 92 : 91));
  const typed = await days().inputValue();
  const devices = body.broker.max_devices === 500 ? 501 : 500;
  await configure({ broker: { max_devices: devices } });
  await button('Save…').click();
  await done('Somebody has changed the settings meanwhile.');
  await until(
    'what the other has set',
    async () => (await page.getByLabel('Devices at once').inputValue()) === String(devices),
  );
  expect((await days().inputValue()) === typed, 'what was typed is gone');
  await confirmed();
  await done('Saved.');
});
await accessible('access');
await shootAll('devices-access');
await check('TLS is turned on, once it is said what that does', async () => {
  await until('the broker is healthy', () => isHealthy('broker'), HEALTHY_MS);
  await page.getByRole('radio', { name: /^Plain and TLS/ }).check();
  await button('Save…').click();
  await dialog().getByText('all devices are disconnected for a moment').waitFor();
  await shootAll('devices-access-sure');
  await dialog().getByRole('button', { name: 'Change it' }).click();
  await done('Saved.');
  await until('TLS', async () => (await ask('GET', '/gateway')).body.field.tls_port !== null, PATH_MS);
  await until('the broker is healthy', () => isHealthy('broker'), HEALTHY_MS);
});

async function save(name) {
  const [begun] = await Promise.all([page.waitForEvent('download'), button(name).click()]);
  await begun.saveAs(join(folder, begun.suggestedFilename()));
  return begun.suggestedFilename();
}

await check('a device gets a certificate, and comes by what it is told', async () => {
  await show('/devices/add', 'Give a device an account.');
  await page.getByLabel('Name', { exact: true }).fill('e2e-badge');
  await page.getByRole('radio', { name: /^Certificate/ }).check();
  await page.getByLabel('Lasts').fill('30');
  await shootAll('device-add-certificate');
  await button('Add it').click();
  await page.getByTestId('secret').waitFor();
  const files = [];
  for (const name of ['Certificate', 'Key', 'Authority (CA)']) files.push(await save(name));
  expect(
    files.join() === 'e2e-badge.crt,e2e-badge.key,holdfast-ca.crt',
    `other files: ${files.join()}`,
  );
  await until(
    'its message',
    () =>
      pasteLine().then(
        () => true,
        () => false, // the broker takes the account within a moment
      ),
    PATH_MS,
  );
  await page.getByText('e2e-badge has published.').waitFor({ timeout: PATH_MS });
});
await accessible('a device with a certificate');
await shootAll('device-added-certificate');
await check('a certificate that is asked for by the wrong text is refused, and nothing is left', async () => {
  await button('Add another').click();
  await page.getByLabel('Name', { exact: true }).fill('e2e-none');
  await page.getByRole('radio', { name: /^Certificate/ }).check();
  await page.getByRole('radio', { name: /^On the device/ }).check();
  await page.getByRole('textbox', { name: 'Signing request (PEM)' }).fill('no request');
  await button('Add it').click();
  await page.locator('.has-error').or(page.getByTestId('refused')).first().waitFor();
  const { status } = await ask('GET', '/devices/accounts/e2e-none');
  expect(status === 404, `half of it is there: ${status}`);
});
await check('a device that has its key sends a signing request', async () => {
  const key = join(folder, 'own.key');
  const made = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const csr = execFileSync('openssl', [...made, '-keyout', key, '-subj', '/CN=x'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await page.getByRole('textbox', { name: 'Signing request (PEM)' }).fill(csr);
  await button('Add it').click();
  await page.getByText('for the key that it has').waitFor();
  expect((await button('Key').count()) === 0, 'there is a key');
});
await check('a certificate is taken away, and the password counts again', async () => {
  await show('/devices/accounts/e2e-badge', 'e2e-badge');
  await page.getByText('does not count while it has a certificate').waitFor();
  await accessible('an account with a certificate');
  await shootAll('account-certificate');
  await button('Take it away…').click();
  await dialog().getByRole('button', { name: 'Take it away' }).click();
  await done('e2e-badge comes by its password again.');
  await button('TLS').waitFor();
  expect((await page.locator('.connect .line code').innerText()).includes('--cafile'), 'no TLS');
  await button('Plain').click();
  expect(!(await page.locator('.connect .line code').innerText()).includes('--cafile'), 'TLS');
});
await check('an account gets a certificate later', async () => {
  await button('Give it a certificate…').click();
  await page.getByText('comes by this certificate alone').waitFor();
  await shootAll('account-issue');
  await button('Issue it').click();
  await page.getByTestId('secret').getByText('the key is shown this once').waitFor();
});

// --- A viewer

async function asViewer() {
  const theirs = await newVisitor();
  await open(`${url}/devices`, theirs);
  await theirs.getByLabel('User').fill(viewer);
  await theirs.getByLabel('Password', { exact: true }).fill(password);
  await theirs.getByRole('button', { name: 'Log in' }).click();
  await theirs.getByRole('heading', { level: 1, name: /device/ }).waitFor();
  return theirs;
}

if (viewer)
  await check('a viewer sees all of it, and nothing that is for admins', async () => {
    const theirs = await asViewer();
    const changes = /Add a device|Import many|…$/;
    const seen = async (path, name) => {
      await open(`${url}${path}`, theirs);
      await theirs.getByRole('heading', { level: 1, name }).waitFor();
      const deeds = await theirs
        .locator('main')
        .getByRole('button', { name: changes })
        .or(theirs.locator('main').getByRole('link', { name: changes }))
        .count();
      expect(deeds === 0, `${path} has ${deeds} of an admin's`);
    };
    await seen('/devices', /device/);
    await seen('/devices/accounts', /account/);
    await theirs.getByTestId('account').first().waitFor();
    await seen('/devices/accounts/e2e-press', 'e2e-press');
    await theirs.getByText('What it may do').waitFor();
    await seen('/devices/access', 'Who may come, and how.');
    await theirs.getByText('Only an admin sees and changes this.').waitFor();
    await seen('/devices/add', 'Give a device an account.');
    await theirs.getByText('Only an admin adds devices.').waitFor();
    await theirs.context().close();
  });

// --- As it was

await check('accounts are deleted, and then gone', async () => {
  const { body } = await ask('GET', '/devices/accounts?search=e2e-&limit=500');
  for (const { name } of body.accounts) {
    await show(`/devices/accounts/${name}`, name);
    await button('Delete…').click();
    await dialog().getByText('There is no way back.').waitFor();
    await dialog().getByRole('button', { name: 'Delete it' }).click();
    await heading(`${name} is deleted.`);
  }
  await show('/devices/accounts/e2e-press', 'There is no such account.');
});
await check('TLS is off again', async () => {
  await configure({ broker: { tls: null, max_devices: null, session_days: null } });
  await until('the broker is healthy', () => isHealthy('broker'), HEALTHY_MS);
});

rmSync(folder, { recursive: true });
await finish();
