// SPDX-License-Identifier: Apache-2.0
// The data, rules and settings of a gateway in a browser. Its services must run; claims it
// where nobody has.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_FIELD_HOST, HF_FIELD_PORT    where devices publish to
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. Changes the
// rules, the durability window and what is held: for a gateway that is there to be tried.
import { readFileSync } from 'node:fs';
import {
  HEALTHY_MS,
  accessible,
  ask,
  check,
  configure,
  dialog,
  download,
  enterAndWait,
  expect,
  finish,
  isHealthy,
  open,
  page,
  publish,
  shootAll,
  until,
  url,
} from './harness.mjs';

const DEVICE = 'data-press';
const TOPIC = `e2e/${DEVICE}/temp`;
const BAD_TOPIC = `e2e/${DEVICE}/count`;
const MESSAGES = 20;
const PATH_MS = 30_000;
const RULES = [{ filter: 'e2e/+/count', decode: 'number' }];

function publishSome() {
  for (let i = 0; i < MESSAGES; i++) publish(TOPIC, JSON.stringify({ t: 20 + i }));
}

async function command(name, action) {
  const { status, body } = await ask('POST', `/services/${name}/${action}`);
  expect(status === 202, `${action} ${name} answers ${status}: ${body?.detail}`);
  await until(
    `${action} ${name} has ended`,
    async () => (await ask('GET', `/operations/${body.id}`)).body.finished !== null,
    HEALTHY_MS,
  );
  if (action === 'start') await until(`${name} healthy`, () => isHealthy(name), HEALTHY_MS);
}

async function number(name) {
  const text = await page
    .getByTestId(name)
    .getAttribute('data-value', { timeout: 2000 })
    .catch(() => null);
  return text === null ? null : Number(text);
}

async function tab(name, heading) {
  await page.getByRole('navigation', { name: 'Data' }).getByRole('link', { name }).click();
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

const done = (text) => page.getByRole('status').filter({ hasText: text }).first().waitFor();

await enterAndWait();

// --- Rules

await check('the page comes when it is asked for, and not before', async () => {
  const before = await page.evaluate(
    () => document.querySelectorAll('link[rel=stylesheet]').length,
  );
  await page.getByRole('link', { name: 'Data', exact: false }).first().click();
  await page.getByTestId('answer').waitFor();
  const after = await page.evaluate(() => document.querySelectorAll('link[rel=stylesheet]').length);
  expect(after > before, `${before} style sheets before, ${after} after`);
});
await check('a text that is no JSON is refused with its line', async () => {
  await tab('Rules', /message/);
  await page.getByRole('textbox').fill('[\n{"filter" 1}\n]');
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('alert').filter({ hasText: 'line 2' }).waitFor();
});
await check('a wrong rule is refused with its place', async () => {
  await page.getByRole('textbox').fill('[{"filter":"#/no"}]');
  await page.getByRole('button', { name: 'Dry run' }).click();
  await page.getByRole('alert').filter({ hasText: '/rules/0' }).waitFor();
});
await check('a dry run shows what would come out', async () => {
  publish(TOPIC, '{"t":19}');
  await until('a message that is remembered', async () => {
    await page.getByRole('textbox').fill(JSON.stringify(RULES, null, 2));
    await page.getByRole('button', { name: 'Dry run' }).click();
    await page.getByText(/the newest first|remembers no message/).waitFor();
    return page.getByTestId('dry-run').getByText(TOPIC).count();
  });
});
await accessible('rules');
await shootAll('data-rules');
await check('rules are applied, and counted', async () => {
  if (await page.getByRole('button', { name: 'Apply…' }).isEnabled()) {
    await page.getByRole('button', { name: 'Apply…' }).click();
    await dialog().getByRole('button', { name: 'Apply', exact: true }).click();
    await done('Applied.');
  }
  await page.getByRole('table').getByText('e2e/+/count').waitFor({ timeout: PATH_MS });
});

// --- A backlog

await check('what comes while nothing is delivered is held, and said to be safe', async () => {
  await command('forwarder', 'stop');
  publishSome();
  await tab('Overview', /./);
  await until(
    `${MESSAGES} are held`,
    async () => ((await number('held')) ?? 0) >= MESSAGES,
    PATH_MS,
  );
  await page.getByRole('heading', { level: 1, name: /safe|leave as they come/ }).waitFor();
});
await check('the books balance on the page', async () => {
  await until('a lane is shown', () => page.getByRole('rowheader', { name: 'alarm' }).count());
  const names = ['accepted', 'delivered', 'held', 'dropped', 'quarantined'];
  const [accepted, ...parts] = await Promise.all(names.map((name) => number(`book-${name}`)));
  const sum = parts.reduce((total, part) => total + part, 0);
  expect(accepted > 0 && accepted === sum, `${accepted} = ${parts.join(' + ')}`);
});
await check('a service that is away is named, and the rest stays', async () => {
  await page.getByTestId('trouble').filter({ hasText: 'forwarder' }).waitFor();
  await page.getByRole('heading', { name: 'Backlog' }).waitFor();
});
await check('whatever a topic is called, it is shown and does nothing', async () => {
  const title = await page.title();
  const topics = [`e2e/${'n'.repeat(200)}/🌡️`, 'e2e/חיישן-לחץ/<img src=x onerror=alert(1)>'];
  for (const topic of topics) publish(topic, '"<script>document.title=7</script>"');
  for (const topic of topics) await page.getByRole('link', { name: topic.slice(0, 100) }).waitFor({ timeout: PATH_MS });
  const made = await page.locator('main script, main img').count();
  expect(made === 0, `${made} elements were made of topics`);
  expect((await page.title()) === title, 'a script has run');
});
await accessible('data');
await shootAll('data');

// --- Records

await check('a topic leads to its records', async () => {
  await page.getByRole('link', { name: TOPIC }).click();
  await page.getByTestId('record').first().waitFor();
  expect((await page.getByLabel('Topic').inputValue()) === TOPIC, 'another filter');
  await page.getByTestId('record').first().locator('summary').click();
  await page.locator('.payload').first().getByText(/"t": /).waitFor();
});
await check('the newest is first, or the oldest', async () => {
  await page
    .getByTestId('record')
    .first()
    .getByText(`{"t":${19 + MESSAGES}}`)
    .waitFor();
  await page.getByLabel('First').selectOption('oldest');
  await until('another first record', async () => {
    const first = await page.getByTestId('record').first().textContent();
    return first && !first.includes(`{"t":${19 + MESSAGES}}`);
  });
});
await accessible('records');
await shootAll('data-records');
await check('what is held can be taken along', async () => {
  const file = await download('Export');
  const lines = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\n');
  expect(lines.length >= MESSAGES, `${lines.length} lines`);
  expect(
    lines.every((line) => JSON.parse(line).topic === TOPIC),
    'other topics are in the file',
  );
});
await check('a filter that lets nothing through says so', async () => {
  await page.getByLabel('Topic').fill('no/such/topic');
  await page.getByRole('button', { name: 'Look', exact: true }).click();
  await page.getByTestId('no-records').waitFor();
});

// --- Quarantine

const isBad = () => page.getByTestId('quarantined').filter({ hasText: BAD_TOPIC });
const pick = () => isBad().first().getByRole('checkbox').check();

async function refuseOne() {
  publish(BAD_TOPIC, 'n/a');
  await until('it is in quarantine', () => isBad().count(), PATH_MS);
}

await check('what cannot be read is in quarantine, with the reason', async () => {
  await tab('Quarantine', /./);
  await refuseOne();
  await isBad().first().locator('summary').click();
  await isBad().first().getByText('n/a').first().waitFor();
  await isBad().first().getByText('processor').waitFor();
});
await accessible('quarantine');
await shootAll('data-quarantine');
await check('it is replayed', async () => {
  await pick();
  await page.getByRole('button', { name: 'Replay 1' }).click();
  await done('1 on their way again.');
});
await check('another is given up, once that is confirmed', async () => {
  await refuseOne();
  await pick();
  await page.getByRole('button', { name: 'Give up 1…' }).click();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  expect(await isBad().count(), 'it has gone without being confirmed');
  await page.getByRole('button', { name: 'Give up 1…' }).click();
  await dialog().getByRole('button', { name: 'Give up for good' }).click();
  await done('1 given up.');
});

// --- Giving up what is held

await check('records are given up only by who types it', async () => {
  await tab('Records', /held/);
  await page.getByRole('button', { name: 'Give up…' }).click();
  const confirm = dialog().getByRole('button', { name: 'Give up for good' });
  await dialog().getByLabel('Lane').selectOption('');
  expect(await confirm.isDisabled(), 'it can be confirmed without a word');
  await dialog().getByLabel('Type drop').fill('drop');
  await confirm.click();
  await done('given up.');
});
await check('and are counted by topic and reason', async () => {
  await tab('Overview', /./);
  await page.getByText('given up by a person').first().waitFor({ timeout: PATH_MS });
});

// --- Delivery

await check('a sink is tried step by step', async () => {
  await command('forwarder', 'start');
  await page
    .getByRole('button', { name: /^Test / })
    .first()
    .click({ timeout: PATH_MS });
  await page.locator('[data-testid=trial][data-ok=true]').waitFor({ timeout: 40_000 });
  expect((await page.locator('[data-step][data-state=done]').count()) === 5, 'not all steps are done');
  await shootAll('data-sink');
});
await check('what is not given up is delivered', async () => {
  publishSome();
  await until('nothing is held', async () => (await number('held')) === 0, HEALTHY_MS);
});

// --- Settings

const window = () => page.getByLabel('Durability window');
const save = () => page.getByRole('button', { name: 'Save' }).click();

await check('a setting out of range is refused where it stands', async () => {
  await tab('Settings', /kept/);
  await window().fill('5001');
  await save();
  await page.getByText('goes from 0 to 5000 ms').waitFor();
  expect(await window().evaluate((e) => e === document.activeElement), 'it has no focus');
});
await accessible('settings');
await shootAll('data-settings');
await check('a setting is saved, and is there afterwards', async () => {
  await window().fill('120');
  await save();
  await done('Saved.');
  await open(`${url}/data/settings`);
  await until('the new window', async () => (await window().inputValue()) === '120');
});
await check('who was slower loses nothing and overwrites nothing', async () => {
  const { body } = await ask('GET', '/config');
  const megabytes = body.buffer.keep_free_bytes === 64 * 1024 ** 2 ? 96 : 64;
  await configure({ buffer: { keep_free_bytes: megabytes * 1024 ** 2 } });
  await window().fill('50');
  await save();
  await done('Somebody has changed the settings meanwhile.');
  await until(
    'what the other has set',
    async () => (await page.getByLabel('Leave free').inputValue()) === String(megabytes),
  );
  expect((await window().inputValue()) === '50', 'what was typed is gone');
  await save();
  await done('Saved.');
});

await finish();
