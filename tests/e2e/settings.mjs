// SPDX-License-Identifier: Apache-2.0
// Certificate, configuration, backup and network of a gateway in a browser. Claims it where nobody has; needs none of
// its services.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. What it makes it
// removes; revisions of the configuration and lines in the audit log stay.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  accessible,
  ask,
  button,
  check,
  dialog,
  download,
  enter,
  expect,
  finish,
  page,
  password,
  settingsTab,
  shoot,
  shootAll,
  show,
  until,
} from './harness.mjs';

const USER_PASSWORD = 'seven wet stones';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-e2e-'));

await check('admin comes in', enter);

// --- Certificate

function makeCertificate(name) {
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', `${folder}/${name}.key`, '-out', `${folder}/${name}.pem`, '-days', '90'],
      ...['-subj', `/O=Works/CN=${name}.example.com`],
      ...['-addext', `subjectAltName=DNS:${name}.example.com,IP:127.0.0.1`],
      ...['-addext', 'extendedKeyUsage=serverAuth'],
    ],
    { stdio: 'ignore' },
  );
}

async function give(certificate, key) {
  await page.getByLabel('Certificate', { exact: true }).setInputFiles(`${folder}/${certificate}`);
  await page.getByLabel('Private key').setInputFiles(`${folder}/${key}`);
  await button('Put it in force').click();
}

const shownFingerprint = async () =>
  (await page.getByTestId('fingerprint').innerText()).replace(/\s/g, '').replace(/^SHA256/, '');

await check('the certificate in force is shown, to compare', async () => {
  await show('/settings/certificate', 'The gateway made this certificate.');
  const { fingerprint } = (await ask('GET', '/certificate')).body;
  expect((await shownFingerprint()) === fingerprint.replace(/^SHA256:/, ''), fingerprint);
});
await accessible('certificate');
await shootAll('settings-certificate');
await check('a key that does not belong to it is refused, and nothing changes', async () => {
  makeCertificate('press');
  makeCertificate('other');
  await give('press.pem', 'other.key');
  await page.locator('#key-error, #certificate-error, [data-testid=refused]').first().waitFor();
  expect((await ask('GET', '/certificate')).body.source === 'own', 'another one is in force');
  await shoot('settings-certificate-refused');
});
await check('one of the site is put in force, and the own one comes back', async () => {
  await give('press.pem', 'press.key');
  await page.getByText('It is in force for new connections.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'The site gave this certificate.' }).waitFor();
  await page.getByText('press.example.com').first().waitFor();
  await shootAll('settings-certificate-site');
  await button('Use its own…').click();
  await dialog().getByRole('button', { name: 'Use its own', exact: true }).click();
  await page.getByText('own certificate is in force again').waitFor();
  expect((await ask('GET', '/certificate')).body.source === 'own', 'the own one is not in force');
});

// --- Configuration

const config = async () => (await ask('GET', '/config')).body;
const file = page.getByLabel('Configuration file');

async function importText(name, text) {
  writeFileSync(`${folder}/${name}`, text);
  await file.setInputFiles(`${folder}/${name}`);
}

let exported = '';
let before = 0;
await check('the configuration is exported', async () => {
  await show('/settings/configuration', 'All settings, out and in.');
  const begun = await download('Export the configuration', 'button');
  exported = readFileSync(await begun.path(), 'utf8');
  expect(
    /^[a-z0-9-]+-config-[\d-]+-r\d+\.json$/.test(begun.suggestedFilename()),
    begun.suggestedFilename(),
  );
  expect(JSON.stringify(JSON.parse(exported)) === JSON.stringify(await config()), 'it differs');
  before = JSON.parse(exported).buffer.window_ms;
});
await check('a file that is none is refused, and a wrong value with its place', async () => {
  await importText('none.json', 'hello');
  await page.getByTestId('refused').getByText('This is no JSON').waitFor();
  await importText(
    'wrong.json',
    JSON.stringify({ ...JSON.parse(exported), buffer: { window_ms: -1 } }),
  );
  await page.getByTestId('refused').getByText('/buffer/window_ms').waitFor();
  await shoot('settings-configuration-refused');
});
await check('the same again would change nothing', async () => {
  await importText('same.json', exported);
  await page.getByText('The file is what is in force already.').waitFor();
});
await check('an import shows what it would change, and changes it', async () => {
  const other = JSON.parse(exported);
  other.buffer.window_ms = before + 150;
  other.rules = [{ filter: 'e2e/+/import', decode: 'number' }, ...other.rules];
  await importText('other.json', JSON.stringify(other));
  await page.getByTestId('preview').getByText('/buffer/window_ms').waitFor();
  await page
    .getByTestId('preview')
    .getByText(`${before} → ${before + 150}`)
    .waitFor();
  expect((await config()).buffer.window_ms === before, 'it is changed already');
  await accessible('configuration');
  await shootAll('settings-configuration');
  await button('Put it in force').click();
  await page.getByText(/^It is in force, as revision \d+\.$/).waitFor();
  expect((await config()).buffer.window_ms === before + 150, 'it is not changed');
});
await check('two revisions are compared, and the one before comes back', async () => {
  const compare = page.getByRole('form', { name: 'Compare two revisions' });
  await compare.getByRole('button', { name: 'Compare' }).click();
  await compare.getByText('/buffer/window_ms').waitFor();
  await shootAll('settings-compare');
  await importText('back.json', exported);
  await page
    .getByTestId('preview')
    .getByText(`${before + 150} → ${before}`)
    .waitFor();
  await button('Put it in force').click();
  await page.getByText(/^It is in force, as revision \d+\.$/).waitFor();
  expect((await config()).buffer.window_ms === before, 'it is not changed back');
});

// --- All settings, and a session that ends in the middle of them

const section = (title) =>
  page.locator('details').filter({ has: page.getByRole('heading', { name: title }) });
const WINDOW = 'Durability window';
const otherWindow = before + 70;
const look = () => button('See what would change').click();
const inPreview = (text) => page.getByTestId('preview').getByText(text, { exact: true }).waitFor();

await check(
  'every setting has its place in a form, and one out of range is refused there',
  async () => {
    await settingsTab('All settings');
    await page.getByRole('heading', { level: 1, name: 'Every setting there is.' }).waitFor();
    await page.getByRole('form', { name: 'All settings' }).waitFor(); // the settings come after the page
    for (const one of await page.locator('details.section > summary').all()) await one.click();
    await accessible('all settings');
    await shootAll('settings-all');
    await page.getByLabel(WINDOW).fill('5001');
    await look();
    await page.getByText('goes from 0 to 5000 ms').waitFor();
    await until('it has the focus', () =>
      page.getByLabel(WINDOW).evaluate((e) => e === document.activeElement),
    );
  },
);
await check('what only the gateway can tell is told beside the setting, too', async () => {
  await page.getByLabel(WINDOW).fill(String(otherWindow));
  await page.getByLabel('Rules').fill('[{"filter": "#/no"}]');
  await look();
  await section('Records on their way').locator('.error-text').waitFor();
  await page.getByLabel('Rules').fill(JSON.stringify((await config()).rules, null, 2));
});
await check('what would change is shown before it does', async () => {
  await look();
  await inPreview(`${before} → ${otherWindow}`);
  expect((await page.getByTestId('changes').locator('li').count()) === 1, 'more would change');
  expect((await config()).buffer.window_ms === before, 'it is changed already');
  await shootAll('settings-all-preview');
});
await check('a session that ends meanwhile takes nothing along that was typed', async () => {
  const { body } = await ask('GET', '/sessions');
  const own = body.sessions.find(({ current }) => current);
  await ask('DELETE', `/sessions/${own.id}`);
  await page.getByText('Your session has ended.').waitFor();
  await accessible('a session that has ended');
  await shootAll('session-ended');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  const login = page.getByRole('dialog');
  await login.getByLabel('Password', { exact: true }).fill(password);
  await login.getByRole('button', { name: 'Log in' }).click();
  await login.waitFor({ state: 'detached' });
  expect((await page.getByLabel(WINDOW).inputValue()) === String(otherWindow), 'it is gone');
});
await check(
  'who is slower is told what theirs would change now, and overwrites nothing',
  async () => {
    const { body, tag } = await ask('GET', '/config');
    const quiet = body.alarms.silent_after_s + 60;
    const patched = await ask(
      'PATCH',
      '/config',
      { alarms: { silent_after_s: quiet } },
      {
        'If-Match': tag,
        'Content-Type': 'application/merge-patch+json',
      },
    );
    expect(patched.status === 200, `PATCH /config answers ${patched.status}`);
    await button('Put it in force').click();
    await page.getByText('Somebody has changed the settings meanwhile').waitFor();
    await inPreview(`${before} → ${otherWindow}`);
    await button('Put it in force').click();
    await page.getByText(/^It is in force, as revision \d+\.$/).waitFor();
    const now = await config();
    expect(now.buffer.window_ms === otherWindow, 'it is not in force');
    expect(now.alarms.silent_after_s === quiet, 'what the other has set is gone');
    const back = await ask(
      'PATCH',
      '/config',
      { buffer: { window_ms: before }, alarms: { silent_after_s: null } },
      {
        'If-Match': (await ask('GET', '/config')).tag,
        'Content-Type': 'application/merge-patch+json',
      },
    );
    expect(back.status === 200, `PATCH /config answers ${back.status}`);
  },
);

// --- Backup

const backupForm = (name) => page.getByRole('form', { name });
const PASSPHRASE = 'eleven grey herons';

await check('a backup wants a passphrase, twice', async () => {
  await settingsTab('Backup');
  const form = backupForm('Make a backup');
  await form.getByLabel('Passphrase', { exact: true }).fill('short');
  await form.getByRole('button', { name: 'Make it' }).click();
  await form.getByText('at least 10 characters').waitFor();
  await form.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await form.getByLabel('The passphrase once more').fill(`${PASSPHRASE}s`);
  await form.getByRole('button', { name: 'Make it' }).click();
  await form.getByText('The two are not the same').waitFor();
});
await accessible('backup, refused');
await shootAll('settings-backup');
const backup = join(folder, 'gateway.backup');
await check('it comes as one file that nobody can read', async () => {
  const form = backupForm('Make a backup');
  await form.getByLabel('The passphrase once more').fill(PASSPHRASE);
  const [begun] = await Promise.all([
    page.waitForEvent('download'),
    form.getByRole('button', { name: 'Make it' }).click(),
  ]);
  await begun.saveAs(backup);
  expect(/^holdfast-.*\.backup$/.test(begun.suggestedFilename()), begun.suggestedFilename());
  await page.getByText('The backup is in your downloads').waitFor();
  const content = readFileSync(backup).toString('latin1');
  expect(content.length > 1000, `it has ${content.length} bytes`);
  expect(!content.includes('admin') && !content.includes('PRIVATE'), 'it can be read');
});
await check('a restore with another passphrase is refused, and nothing is changed', async () => {
  const form = backupForm('Restore a backup');
  await form.getByLabel('Backup file').setInputFiles(backup);
  await form.getByLabel('Passphrase', { exact: true }).fill('twelve grey herons');
  await form.getByLabel('Your password').fill(password);
  await form.getByRole('button', { name: 'Restore…' }).click();
  const confirm = dialog().getByRole('button', { name: 'Restore it' });
  expect(await confirm.isDisabled(), 'it can be confirmed without a word');
  await shootAll('settings-restore-sure');
  const { body } = await ask('GET', '/gateway');
  await dialog().getByLabel(`Type ${body.name}`).fill(body.name);
  await confirm.click();
  await form.getByTestId('refused').waitFor();
  expect((await ask('GET', '/gateway')).body.id === body.id, 'it is another gateway');
});

// --- Network and time of the machine: this one's are not holdfast's, so the answers are those of one whose are

await check('where the network cannot be changed the page says why', async () => {
  await settingsTab('Network');
  await page.getByText('The network cannot be changed here.').waitFor();
  await page.getByText('managed elsewhere').waitFor();
  expect((await button('Try it…').count()) === 0, 'there is a button for it');
});
await accessible('network, managed elsewhere');
await check(
  'another network is tried only once it is said what that does, and kept by a word',
  async () => {
    const machine = {
      managed: true,
      why: null,
      links: [
        { name: 'enp1s0', managed: true, addresses: ['192.0.2.10', 'fe80::5054:ff:fe12:3456'] },
      ],
      network: { interfaces: [{ name: 'enp1s0' }] },
      time: { zone: 'Europe/Berlin', servers: [] },
      trial: null,
      last: { id: 'a', kept: false },
    };
    const sent = [];
    await page.route('**/api/v1/network', async (route) => {
      const request = route.request();
      if (request.method() === 'GET') return route.fulfill({ json: machine });
      sent.push(request.postDataJSON());
      if (sent.length === 1)
        return route.fulfill({
          status: 422,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            title: 'Invalid',
            status: 422,
            detail: 'wrong',
            errors: [
              {
                pointer: '/network/interfaces/0/address',
                detail: 'must be an address with its bits',
              },
            ],
          }),
        });
      machine.trial = { id: 'b', seconds_left: 119, addresses: ['192.0.2.20'] };
      return route.fulfill({ status: 202, json: machine });
    });
    await page.route('**/api/v1/network/confirm', (route) => {
      sent.push(route.request().postDataJSON());
      machine.trial = null;
      machine.last = { id: 'b', kept: true };
      return route.fulfill({ json: machine });
    });
    await show('/settings/network', /Where it is reached/);
    await page.getByText('the old network is back').waitFor();
    await page.getByRole('radio', { name: /^A fixed one/ }).check();
    const tryIt = async (address) => {
      await page.getByLabel('Address of enp1s0').fill(address);
      await button('Try it…').click();
      await dialog().getByText('within two minutes').waitFor();
      await dialog().getByRole('button', { name: 'Try it', exact: true }).click();
    };
    await tryIt('192.0.2.20');
    await page.getByText('must be an address with its bits').waitFor();
    await accessible('network');
    await shootAll('settings-network');
    await tryIt('192.0.2.20/24');
    await page.getByRole('heading', { level: 1, name: /on trial/ }).waitFor();
    await page.getByRole('link', { name: /192\.0\.2\.20/ }).waitFor();
    await accessible('network, on trial');
    await shootAll('settings-network-trial');
    await button('Keep it').click();
    await page.getByRole('heading', { level: 1, name: /Where it is reached/ }).waitFor();
    const said = JSON.stringify(sent.slice(1));
    const wanted = [
      { network: { interfaces: [{ name: 'enp1s0', address: '192.0.2.20/24' }] } },
      { id: 'b' },
    ];
    expect(said === JSON.stringify(wanted), `it sends ${said}`);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  },
);

// --- Diagnostics

await check('diagnostics come as one file', async () => {
  await settingsTab('Gateway');
  await page.getByText('How to reach it').waitFor();
  await accessible('gateway');
  await shootAll('settings-gateway');
  const begun = await download('Download diagnostics');
  expect(/\.tar\.gz$/.test(begun.suggestedFilename()), begun.suggestedFilename());
});
// --- A restore: all are logged out, and it is the gateway of the backup

await check('a restore brings back what was, and says so to who logs in', async () => {
  const made = 'e2e-after-backup';
  await ask(
    'POST',
    '/users',
    { name: made, password: USER_PASSWORD, role: 'viewer' },
    { 'Content-Type': 'application/json' },
  );
  expect((await ask('GET', `/users/${made}`)).status === 200, 'no user to be gone afterwards');
  await show('/settings/backup', /in one file/);
  const form = backupForm('Restore a backup');
  await form.getByLabel('Backup file').setInputFiles(backup);
  await form.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await form.getByLabel('Your password').fill(password);
  await form.getByRole('button', { name: 'Restore…' }).click();
  const { name } = (await ask('GET', '/gateway')).body;
  await dialog().getByLabel(`Type ${name}`).fill(name);
  await dialog().getByRole('button', { name: 'Restore it' }).click();
  await page.getByText('Log in to see how it is.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByTestId('restored').getByText(`This is ${name} now`).waitFor();
  await shootAll('settings-restored');
  await accessible('restored');
  expect(
    (await ask('GET', `/users/${made}`)).status === 404,
    'what came after the backup is still there',
  );
});

rmSync(folder, { recursive: true });
await finish();
