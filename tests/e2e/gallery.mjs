// SPDX-License-Identifier: Apache-2.0
// The gallery: every part in every state, in each look. Needs no gateway: HF_URL is where Vite serves it.
//   HF_SHOTS                        a folder for pictures (optional)
import { accessible, check, expect, finish, open, page, shootAll, url } from './harness.mjs';

await check('every part is there', async () => {
  await open(`${url}/gallery.html`);
  const count = await page.getByTestId('specimen').count();
  expect(count > 70, `only ${count} specimens`);
});
// Several of what a page has once.
await accessible('gallery', ['landmark-unique']);
await shootAll('gallery');
await check('a dialog lies over it', async () => {
  await page.goto('about:blank');
  await open(`${url}/gallery.html#dialog`);
  await page.getByRole('dialog').waitFor();
});
await accessible('dialog', ['landmark-unique']);
await shootAll('dialog');

await finish();
