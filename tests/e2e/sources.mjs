// SPDX-License-Identifier: Apache-2.0
// Where releases come from, in a browser: a look into the registry, and bundles, good and bad ones.
//   HF_URL, HF_PASSWORD, HF_SETUP_CODE   as releases.mjs has them
//   HF_RELEASES                          a folder with bundled.json, its bundle bundled.bundle, of some 9 MB, and cut.bundle,
//                                        which ends too early
//   HF_SHOTS, HF_CHROMIUM                as there
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
  url,
} from './harness.mjs';

const folder = required('HF_RELEASES');
const { name, version } = JSON.parse(readFileSync(`${folder}/bundled.json`, 'utf8'));
const label = `${name} ${version}`;
const STEP_MS = 60_000;
const BUNDLE = '**/api/v1/releases/bundle';

const ask = async (path) => (await context.request.fetch(`${url}/api/v1${path}`)).json();

async function show() {
  await open(`${url}/releases`);
  await page.getByTestId('registry').waitFor();
}

async function upload(file) {
  await page.getByLabel('Bundle', { exact: true }).setInputFiles(`${folder}/${file}`);
  await button('Upload it').click();
}

/** What is answered in the gateway's place, piece by piece; undefined: it answers itself. */
async function whilePieces(meddle, body) {
  let pieces = 0;
  await page.route(BUNDLE, async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    return meddle(route, ++pieces) ?? route.continue();
  });
  try {
    await body();
  } finally {
    await page.unroute(BUNDLE);
  }
}

await check('admin comes in', enter);
await check('the registry is looked into, and what is new is listed', async () => {
  await show();
  await button('Look for new ones').click();
  await page
    .getByTestId('registry')
    .getByText(/was asked .*: (one release|\d+ releases), /)
    .waitFor({ timeout: STEP_MS });
  const { registry, releases } = await ask('/releases');
  expect(registry.found > 0, `it found ${registry.found}: ${registry.detail}`);
  expect(
    releases.some(({ source }) => source === 'registry'),
    'none is from the registry',
  );
  await page.getByTestId('release').filter({ hasText: 'found in the registry' }).first().waitFor();
});

await check('a bundle that is cut off is refused, and says so', async () => {
  await show();
  await upload('cut.bundle');
  await page
    .getByTestId('bundle-refused')
    .getByText(/cut off/)
    .waitFor({ timeout: STEP_MS });
  expect(!(await ask('/releases')).releases.some((r) => r.name === label), 'it is known');
});
await accessible('a bundle that was refused');
await shootAll('sources-refused');

await check('a bundle shows how far it is, and can be given up', async () => {
  await whilePieces(
    (route, n) => (n > 1 ? route.abort() : undefined),
    async () => {
      await show();
      await upload('bundled.bundle');
      await page.locator('[data-testid=bundle-progress][data-state=images]').waitFor();
      await page.getByText(new RegExp(`^${label}: .*MB\\. Each image`)).waitFor();
      await accessible('a bundle on its way');
      await shootAll('sources-progress');
      await button('Give up').click();
      await page
        .getByTestId('bundle-refused')
        .getByText(/given up by admin/)
        .waitFor({ timeout: STEP_MS });
    },
  );
});

await check('it goes on where it was after the page was left, and the line broke', async () => {
  let offset = 0;
  page.once('dialog', (dialog) => dialog.accept());
  await whilePieces(
    (route, n) => (n > 1 ? route.abort() : undefined),
    async () => {
      await show();
      await upload('bundled.bundle');
      await page.locator('[data-testid=bundle-progress][data-state=images]').waitFor();
      ({ offset } = await ask('/releases/bundle'));
      await show();
    },
  );
  expect(offset > 0, 'nothing has come');
  await page.getByText('Choose the same file to go on where it stopped.').waitFor();
  await page.getByLabel('Bundle', { exact: true }).setInputFiles(`${folder}/bundled.bundle`);
  const from = [];
  await whilePieces(
    (route, n) => {
      from.push(Number(route.request().headers()['upload-offset']));
      return n === 1 ? route.abort() : undefined;
    },
    async () => {
      await button('Go on').click();
      await page.getByText(`${label} is here, with its images.`).waitFor({ timeout: STEP_MS });
    },
  );
  expect(from[0] >= offset, `it began at ${from[0]}, and ${offset} had come`);
});
await accessible('a bundle that is here');
await shootAll('sources-done');

await check('nothing of it is to be fetched', async () => {
  await page.getByRole('link', { name: 'See its plan' }).click();
  await page.getByRole('heading', { level: 1, name: label }).waitFor();
  await page.getByText(/came in a bundle/).waitFor();
  const { id } = await ask('/releases/bundle');
  const plan = await (
    await context.request.fetch(`${url}/api/v1/releases/${id}/plan`, { method: 'POST' })
  ).json();
  expect(plan.fetch.images === 0, `${plan.fetch.images} images are to be fetched`);
});

await finish();
