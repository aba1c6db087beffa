// SPDX-License-Identifier: Apache-2.0
// A factory reset in a browser: what it says before, how it is refused, and that the gateway can be claimed anew. Claims
// it where nobody has; needs none of its services. Afterwards it is a gateway that nobody has claimed.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed.
import {
  accessible,
  ask,
  button,
  check,
  dialog,
  enter,
  expect,
  finish,
  open,
  page,
  shootAll,
  url,
} from './harness.mjs';

const USER = 'e2e-gone';
const USER_PASSWORD = 'six dry stones';
const RESET = '**/api/v1/gateway/reset';
const inDialog = (name) => dialog().getByRole('button', { name, exact: true });
const userIsThere = async () => (await ask('GET', `/users/${USER}`)).status === 200;

async function openDialog() {
  await button('Reset…').click();
  await dialog().getByText('There is no way back').waitFor();
}

await check('admin comes in', enter);
await check('what would go is said first', async () => {
  const made = await ask(
    'POST',
    '/users',
    { name: USER, password: USER_PASSWORD, role: 'viewer' },
    { 'Content-Type': 'application/json' },
  );
  expect(made.status === 201, `POST /users answers ${made.status}`);
  const { body } = await ask('GET', '/gateway/reset');
  await open(`${url}/settings/gateway`);
  await openDialog();
  await dialog().getByText(`${body.removes.accounts} accounts of people`).waitFor();
  await dialog().getByText(`Its id ${body.gateway}`).waitFor();
});
await accessible('factory reset');
await shootAll('settings-reset');

let id = '';
await check('it wants a choice and the id of the gateway, and Esc means no', async () => {
  id = (await ask('GET', '/gateway')).body.id;
  const typed = dialog().getByLabel(`Type ${id}`);
  await typed.fill(id);
  expect(await inDialog('Reset').isDisabled(), 'nothing is chosen, and it can be confirmed');
  await dialog()
    .getByRole('radio', { name: /^Wipe it/ })
    .check();
  expect(await inDialog('Reset and wipe').isEnabled(), 'it cannot be confirmed');
  await typed.fill('hf-00000000');
  expect(await inDialog('Reset and wipe').isDisabled(), 'the id of another one will do');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  expect(await userIsThere(), 'it was reset');
});

async function confirm(choice, confirmed) {
  await openDialog();
  await dialog().getByRole('radio', { name: choice }).check();
  await dialog().getByLabel(`Type ${id}`).fill(id);
  await inDialog(confirmed).click();
}

await check('without the password it is refused, and nothing is changed', async () => {
  await page.route(RESET, (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 403,
          contentType: 'application/problem+json',
          body: JSON.stringify({
            type: '/api/docs/problems#password-needed',
            title: 'Forbidden',
            status: 403,
            detail: 'this needs your password once more',
          }),
        })
      : route.continue(),
  );
  await confirm(/^Wipe it/, 'Reset and wipe');
  await dialog().getByLabel('Your password', { exact: true }).waitFor();
  await inDialog('Cancel').click();
  await page.getByTestId('refused').getByText('needs your password').waitFor();
  await page.unrouteAll();
  expect(await userIsThere(), 'it was reset');
});
await check('confirmed, it is done, and the page goes on to claim the gateway', async () => {
  await confirm(/^Keep it/, 'Reset, keep the data');
  await page.getByTestId('reset-begun').waitFor();
  await shootAll('settings-reset-begun');
  await button('Claim this gateway').waitFor();
  const { body } = await ask('GET', '/claim');
  expect(body.claimed === false, 'it is claimed');
  expect((await ask('GET', '/session')).status === 401, 'the session goes on');
});
await accessible('claim after a reset');

await finish();
