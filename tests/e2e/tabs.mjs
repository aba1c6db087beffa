// SPDX-License-Identifier: Apache-2.0
// Several tabs of one browser, on a gateway that admin has claimed: one event stream, and all hear it.
//   HF_URL, HF_PASSWORD             the gateway and its admin
//   HF_FIELD_HOST, HF_FIELD_PORT    where devices publish to
import {
  check,
  context,
  enterAndWait,
  expect,
  finish,
  open,
  page,
  password,
  publish,
  SOON_MS,
  shoot,
  until,
  url,
} from './harness.mjs';

/** As the gateway counts them. */
async function streams() {
  const answer = await context.request.get(`${url}/metrics`);
  return Number(/^holdfast_event_streams (\d+)/m.exec(await answer.text())?.[1]);
}

async function newTab() {
  const tab = await context.newPage();
  tab.setDefaultTimeout(SOON_MS);
  await open(url, tab);
  await tab.getByTestId('sentence').waitFor();
  return tab;
}

async function accepted(tab) {
  return Number(await tab.getByTestId('accepted').getAttribute('data-value'));
}

/** A message that all of them show. */
async function allHear(tabs) {
  const before = await accepted(tabs[0]);
  publish('e2e/tabs', '{"n":1}');
  await Promise.all(
    tabs.map((tab, i) =>
      until(`tab ${i + 1} shows the message`, async () => (await accepted(tab)) > before),
    ),
  );
}

const lost = (tab) => tab.getByText('Connection lost.');
const mark = (tab) =>
  tab.evaluate(() => {
    globalThis.sameDocument = true;
  });
const isSame = (tab) => tab.evaluate(() => globalThis.sameDocument === true);

await enterAndWait();
await open(url);
await page.getByTestId('sentence').waitFor();
publish('e2e/tabs', '{"n":0}');
await page.getByTestId('accepted').waitFor();

const second = await newTab();
const third = await newTab();
let tabs = [page, second, third];

await check('three tabs are one stream for the gateway', async () => {
  await until('one stream', async () => (await streams()) === 1);
  await allHear(tabs);
  expect((await streams()) === 1, `${await streams()} streams`);
});

await check('a cut connection is shown in each at once, and mends without a reload', async () => {
  const takenUp = [];
  for (const tab of tabs) {
    await mark(tab);
    tab.on('request', (request) => {
      if (request.url().endsWith('/events')) takenUp.push(request.headers()['last-event-id'] ?? '');
    });
  }
  await context.setOffline(true);
  for (const tab of tabs) {
    await lost(tab).waitFor();
    await tab.locator('main[data-stale=true]').waitFor();
  }
  await shoot('tabs-cut');
  await context.setOffline(false);
  for (const tab of tabs) {
    await lost(tab).waitFor({ state: 'detached' });
    await tab.locator('main[data-stale=false]').waitFor();
    expect(await isSame(tab), 'the page was loaded anew');
  }
  await allHear(tabs);
  const ids = takenUp.filter((id) => /^[0-9a-f]+-\d+$/.test(id));
  expect(ids.length > 0, `no try says where to go on: ${JSON.stringify(takenUp)}`);
  await until('one stream', async () => (await streams()) === 1);
});

await check('when the tab that reads is closed, another one goes on', async () => {
  await page.goto('about:blank'); // it came first
  tabs = [second, third];
  await allHear(tabs);
  for (const tab of tabs) {
    expect((await lost(tab).count()) === 0, 'a connection is told to be lost');
    expect(await isSame(tab), 'the page was loaded anew');
  }
  await until('one stream', async () => (await streams()) === 1);
});

await check('who logs out in one tab is logged out in all, and comes in again in all', async () => {
  await open(url);
  await page.getByTestId('sentence').waitFor();
  await second.goto(`${url}/account`);
  await second.getByRole('button', { name: 'Log out' }).click();
  for (const tab of [page, second, third]) await tab.getByText('You are logged out.').waitFor();
  await third.getByLabel('Password', { exact: true }).fill(password);
  await third.getByRole('button', { name: 'Log in' }).click();
  await page.getByTestId('sentence').waitFor();
  await third.getByTestId('sentence').waitFor();
  await until('one stream', async () => (await streams()) === 1);
});

await finish();
