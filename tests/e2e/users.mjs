// SPDX-License-Identifier: Apache-2.0
// Users, tokens and the audit log of a gateway in a browser. Claims it where nobody has; needs none of its services.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. What it makes it
// removes; revisions of the configuration and lines in the audit log stay.
import { readFileSync } from 'node:fs';
import {
  accessible,
  ask,
  button,
  check,
  configure,
  context,
  dialog,
  download,
  enter,
  expect,
  finish,
  newVisitor,
  open,
  page,
  password,
  settingsTab,
  shootAll,
  show,
  until,
  url,
} from './harness.mjs';

const USER = 'e2e-ann';
const USER_PASSWORD = 'seven wet stones';
const TOKEN = 'e2e-probe';

await check('admin comes in', enter);

// --- Users

const visitor = await newVisitor();

await check('what is wrong with a new user is said by field', async () => {
  await show('/settings/users', /may log in/);
  await page.getByLabel('Name', { exact: true }).fill('Ann Smith');
  await button('Add the user').click();
  await page.getByText('The name has small letters').waitFor();
  await page.getByText('needs at least 10 characters').waitFor();
  expect(
    await page.getByLabel('Name', { exact: true }).evaluate((e) => e === document.activeElement),
    'the first wrong field has no focus',
  );
});
await shootAll('settings-users-errors');
await check('a user is added, and the password asked for where it is needed', async () => {
  let refused = false;
  await page.route('**/api/v1/users', (route) => {
    if (refused || route.request().method() !== 'POST') return route.continue();
    refused = true;
    return route.fulfill({
      status: 403,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: '/api/docs/problems#password-needed',
        title: 'Forbidden',
        status: 403,
        detail: 'show the password once more',
      }),
    });
  });
  await page.getByLabel('Name', { exact: true }).fill(USER);
  await page.getByLabel('First password').fill(USER_PASSWORD);
  await page.getByRole('radio', { name: 'operator' }).check();
  await button('Add the user').click();
  await dialog().getByLabel('Your password', { exact: true }).fill('not the password');
  await button('Go on').click();
  await dialog().getByText('not the password of').waitFor();
  await dialog().getByLabel('Your password', { exact: true }).fill(password);
  await button('Go on').click();
  await page.getByText(`${USER} can log in now.`).waitFor();
  await page.unrouteAll();
});
await check('the user comes in, and is offered only what is for operators', async () => {
  await open(`${url}/settings`, visitor);
  await visitor.getByLabel('User').fill(USER);
  await visitor.getByLabel('Password', { exact: true }).fill(USER_PASSWORD);
  await visitor.getByRole('button', { name: 'Log in' }).click();
  await visitor.getByRole('heading', { level: 1, name: `You are ${USER}.` }).waitFor();
  const tabs = await visitor.getByRole('navigation', { name: 'Settings' }).innerText();
  expect(!/Users|Configuration/.test(tabs), tabs);
  expect((await visitor.getByRole('link', { name: 'Audit' }).count()) === 0, 'there is the log');
  await open(`${url}/settings/users`, visitor);
  await visitor.getByRole('heading', { level: 1, name: 'Only an admin sees this page.' }).waitFor();
  await open(`${url}/settings/certificate`, visitor);
  await visitor.getByTestId('fingerprint').waitFor();
  expect((await visitor.locator('input[type=file]').count()) === 0, 'a certificate can be given');
});
await check('an admin sees the session, and ends it', async () => {
  await show('/settings/users', /people may log in/);
  await accessible('users');
  await shootAll('settings-users');
  await page.getByRole('link', { name: USER }).click();
  await page.getByRole('heading', { level: 1, name: USER }).waitFor();
  await page.getByTestId('session').waitFor();
  await accessible('a user');
  await shootAll('settings-user');
  await page
    .getByTestId('session')
    .getByRole('button', { name: /^End it/ })
    .click();
  await page.getByText('The session has ended.').waitFor();
  await visitor.getByText('Your session has ended.').waitFor();
});
await check('a user is disabled, enabled, and given another role', async () => {
  await button('Disable…').click();
  await dialog().getByRole('button', { name: 'Disable', exact: true }).click();
  await button('Enable').waitFor();
  expect((await ask('GET', `/users/${USER}`)).body.disabled, 'the user is not disabled');
  await button('Enable').click();
  await button('Disable…').waitFor();
  await page.getByRole('radio', { name: 'viewer' }).check();
  await button('Save the role').click();
  await until(
    'another role',
    async () => (await ask('GET', `/users/${USER}`)).body.role === 'viewer',
  );
});
await check('a user is removed', async () => {
  await button('Remove…').click();
  await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: /may log in/ }).waitFor();
  expect((await ask('GET', `/users/${USER}`)).status === 404, 'the user is still there');
});

// --- One's own account

await check('the other sessions of oneself are seen, and end', async () => {
  await open(url, visitor);
  await visitor.getByLabel('User').fill('admin');
  await visitor.getByLabel('Password', { exact: true }).fill(password);
  await visitor.getByRole('button', { name: 'Log in' }).click();
  await visitor.getByTestId('sentence').waitFor();
  await show('/settings', 'You are admin.');
  await page.getByText('this one').waitFor();
  await accessible('account');
  await shootAll('settings-account');
  const before = await page.getByTestId('session').count();
  await page
    .getByRole('button', { name: /^End it/ })
    .first()
    .click();
  await page.getByText(/^The session from .* has ended\.$/).waitFor();
  await until('one less', async () => (await page.getByTestId('session').count()) < before);
});
await check('a wrong present password is refused beside its field', async () => {
  await page.getByLabel('Present password').fill('not the password');
  await page.getByLabel('New password').fill('another long enough one');
  await button('Set the password').click();
  await page.getByText('not the password of').waitFor();
});

// --- Tokens

let secret = '';
const asProgram = () =>
  context.request.get(`${url}/api/v1/gateway`, {
    headers: { Authorization: `Bearer ${secret}`, Cookie: '' },
  });

await check('a token is made, shown once, and taken', async () => {
  await settingsTab('Tokens');
  await page.getByRole('heading', { level: 1, name: /the gateway/ }).waitFor();
  await page.getByLabel('Name', { exact: true }).fill(TOKEN);
  await page.getByLabel('Good for').fill('0');
  await button('Make the token').click();
  await page.getByText('Enter a number of days').waitFor();
  await page.getByLabel('Good for').fill('7');
  await button('Make the token').click();
  secret = await page.getByTestId('secret').locator('code').first().innerText();
  expect(/^hft_[0-9a-f]{64}$/.test(secret), `it is “${secret}”`);
  expect((await asProgram()).ok(), 'it is refused');
  await accessible('tokens');
  await shootAll('settings-tokens');
});
await check('it is in the list, with its last use, and nowhere shown again', async () => {
  await show('/settings/tokens', /the gateway/);
  await page.getByTestId('token').filter({ hasText: TOKEN }).getByText('Used just now').waitFor();
  expect(!(await page.content()).includes(secret), 'it is still shown');
});
await check('it is revoked, and refused from then on', async () => {
  await page
    .getByTestId('token')
    .filter({ hasText: TOKEN })
    .getByRole('button', { name: /^Revoke/ })
    .click();
  await dialog().getByRole('button', { name: 'Revoke', exact: true }).click();
  await page.getByText(`${TOKEN} is no longer taken.`).waitFor();
  expect((await asProgram()).status() === 401, 'it is still taken');
});

// --- The audit log

await check(
  'the audit log tells what has changed in the configuration, and is filtered',
  async () => {
    const { window_ms: before } = (await ask('GET', '/config')).body.buffer;
    await configure({ buffer: { window_ms: before + 150 } });
    await configure({ buffer: { window_ms: before } });
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByTestId('audit').first().waitFor();
    await page
      .getByText(`/buffer/window_ms: ${before + 150} → ${before}`)
      .first()
      .waitFor();
    await accessible('audit');
    await shootAll('audit');
    await page.getByRole('searchbox').fill(USER);
    await until('only entries about the user', async () => {
      const texts = await page.getByTestId('audit').allInnerTexts();
      return texts.length > 1 && texts.every((text) => text.includes(USER));
    });
    await page.getByRole('searchbox').fill('');
    await page.getByRole('combobox', { name: 'Everybody' }).selectOption(USER);
    await until(
      'only entries by the user',
      async () =>
        (await page.getByTestId('audit').all()).length > 0 &&
        (await page.locator(`[data-testid=audit]:not([data-who="${USER}"])`).count()) === 0,
    );
    expect(new URL(page.url()).search.includes(USER), 'the filter is not in the address');
  },
);
await check('older entries come when they are asked for', async () => {
  await page.route('**/api/v1/audit?limit=100', (route) =>
    route.continue({ url: route.request().url().replace('limit=100', 'limit=3') }),
  );
  await open(`${url}/audit`);
  await until('the newest', async () => (await page.getByTestId('audit').count()) === 3);
  await button('Older ones').click();
  await until('more of them', async () => (await page.getByTestId('audit').count()) > 3);
  expect((await button('Older ones').count()) === 0, 'there are older ones still');
  await page.unrouteAll();
});
await check('what is old is found at once, and only on its day', async () => {
  await page.getByRole('searchbox').fill(`added user ${USER}`);
  await until('that one', async () => (await page.getByTestId('audit').count()) === 1);
  const { body } = await ask('GET', `/audit?limit=1&text=${encodeURIComponent(USER)}`);
  const day = await page.evaluate(
    (at) => new Date(at).toLocaleDateString('sv-SE'),
    body.entries[0].at,
  );
  await page.getByLabel('From').fill(day);
  await page.getByLabel('To', { exact: true }).fill(day);
  await page.getByTestId('audit').first().waitFor();
  await page.getByLabel('From').fill('2020-01-01');
  await page.getByLabel('To', { exact: true }).fill('2020-01-02');
  await page.getByText('None of the entries is like that.').waitFor();
});
await accessible('audit, nothing found');
await check('it is exported as it is filtered', async () => {
  await open(`${url}/audit?who=${USER}`);
  const begun = await download('Export these', 'button');
  const lines = readFileSync(await begun.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(lines[0] === 'id,at,who,from,what,result,problem,changes', lines[0]);
  expect(
    lines.length > 1 && lines.slice(1).every((l) => l.includes(`,${USER},`)),
    lines.join('\n'),
  );
});

await finish();
