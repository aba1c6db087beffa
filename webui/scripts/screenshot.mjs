// SPDX-License-Identifier: Apache-2.0
// The picture in README.md, of a gateway that `./dev run --demo` has had at work for ten minutes on a machine that does
// nothing else: node webui/scripts/screenshot.mjs SETUP-CODE [URL]
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [code, url = 'https://127.0.0.1:8443'] = process.argv.slice(2);
const target = fileURLToPath(new URL('../screenshot.png', import.meta.url));
const password = 'correct horse battery';

const browser = await chromium.launch({
  executablePath: process.env.HF_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
const context = await browser.newContext({
  ignoreHTTPSErrors: true,
  reducedMotion: 'reduce',
  viewport: { width: 1280, height: 800 },
});
const page = await context.newPage();
await page.goto(url);
const claim = page.getByRole('button', { name: 'Claim this gateway' });
const login = page.getByRole('button', { name: 'Log in' });
await claim.or(login).waitFor();
if (await claim.count()) {
  await page.getByLabel('Setup code').fill(code);
  await page.getByLabel('Name of the gateway').fill('press-hall-3');
  await page.getByLabel('Password for admin').fill(password);
  await claim.click();
  await page
    .getByRole('link', { name: /overview/i })
    .first()
    .click();
} else {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await login.click();
}
await page.getByTestId('sentence').waitFor();
// The series come after the first reading.
await page.locator('.sketch path.line').first().waitFor({ state: 'attached' });
await page.waitForTimeout(3000);
const height = await page.evaluate(() => document.documentElement.scrollHeight);
await page.setViewportSize({ width: 1280, height: Math.max(800, height) });
await page.waitForTimeout(500);
await page.screenshot({ path: target });
await browser.close();
