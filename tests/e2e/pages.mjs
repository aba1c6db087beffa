// SPDX-License-Identifier: Apache-2.0
// Every page of the dashboard in a browser: for each role, on a phone, and where it does not come. Claims the gateway
// where nobody has; needs none of its services.
//   HF_URL, HF_PASSWORD             the gateway, and the password of admin
//   HF_SETUP_CODE                   its proof of possession (only where nobody has claimed it)
//   HF_SHOTS                        a folder for pictures (optional)
//   HF_CHROMIUM                     the browser (optional)
//   HF_VIEWER                       a viewer with the same password (optional)
// Prints a line "ok - …" or "not ok - …" for each check; ends with 1 where one failed. What it makes it
// removes; revisions of the configuration and lines in the audit log stay.
import {
  accessible,
  ask,
  button,
  check,
  enter,
  expect,
  finish,
  newVisitor,
  open,
  page,
  password,
  shoot,
  shootAll,
  until,
  url,
} from './harness.mjs';

const OPERATOR = 'e2e-olga';
const OPERATOR_PASSWORD = 'nine quiet geese';
const viewer = process.env.HF_VIEWER;
/** All there are, but those of one thing. */
const PAGES = [
  ...[
    '/',
    '/setup',
    '/services',
    '/services/buffer',
    '/incidents',
    '/alarms',
    '/releases',
    '/audit',
  ],
  ...['/data', '/data/records', '/data/quarantine', '/data/rules', '/data/settings'],
  ...['/devices', '/devices/accounts', '/devices/access', '/devices/add'],
  ...[
    '',
    '/users',
    '/tokens',
    '/certificate',
    '/all',
    '/configuration',
    '/backup',
    '/network',
    '/gateway',
  ].map((tab) => `/settings${tab}`),
];

await check('admin comes in', enter);

// --- Pages that do not come

const CHUNKS = /\/assets\/.*\.(js|css)$/;
const came = page.getByRole('button', { name: 'Log out' });
const didNotCome = page.getByTestId('did-not-come');

await check('a page that is cut off says so, and comes when it is tried again', async () => {
  await page.route(CHUNKS, (route) => route.abort());
  await page.getByRole('link', { name: 'Settings' }).click();
  await didNotCome.waitFor();
  await page.mouse.move(640, 700); // what is pointed at is read ahead, also this page
  await accessible('a page that did not come');
  await shootAll('did-not-come');
  await page.unroute(CHUNKS);
  await didNotCome.getByRole('button', { name: 'Try again' }).click();
  await came.waitFor();
  await until('the head of the page has the focus', () =>
    page.locator('h1').evaluate((e) => e === document.activeElement),
  );
  const display = await page.locator('.tabs').evaluate((e) => getComputedStyle(e).display);
  expect(display === 'flex', `it has no style: ${display}`);
});
await check('a style sheet that is broken off is asked for once more', async () => {
  await open(url);
  let cut = 0;
  await page.route(/\/assets\/.*\.css$/, (route) => (cut++ < 2 ? route.abort() : route.continue()));
  await page.getByRole('link', { name: 'Settings' }).click();
  await came.waitFor();
  await page.unrouteAll();
  expect(cut > 2, `${cut} requests for style sheets`);
  const display = await page.locator('.tabs').evaluate((e) => getComputedStyle(e).display);
  expect(display === 'flex', `it has no style: ${display}`);
});
await check('after an upgrade the new program is loaded, once', async () => {
  await open(url);
  let loads = 0;
  const count = () => loads++;
  page.on('load', count);
  await page.route(CHUNKS, (route) =>
    /\/pages-/.test(route.request().url()) ? route.fulfill({ status: 404 }) : route.continue(),
  );
  await page.route(`${url}/`, (route) =>
    route.request().resourceType() === 'fetch'
      ? route.fulfill({ body: '<script src="/assets/index-another1.js">' })
      : route.continue(),
  );
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.mouse.move(640, 700);
  await didNotCome.waitFor();
  expect(loads === 1, `the page was loaded ${loads} times`);
  page.off('load', count);
  await page.unrouteAll();
  await didNotCome.getByRole('button', { name: 'Try again' }).click();
  await came.waitFor();
});
await check('what somebody points at is read ahead', async () => {
  await open(url);
  const [request] = await Promise.all([
    page.waitForRequest(/\/assets\/audit-.*\.js$/),
    page.getByRole('link', { name: 'Audit' }).hover(),
  ]);
  expect((await request.response()).ok(), 'it is not there');
  expect(new URL(page.url()).pathname === '/', 'the page has changed');
});

await check('who is logged in reads how it is before the program has come', async () => {
  await page.route(/\/assets\/.*\.js$/, (route) => route.abort());
  await page.goto(url);
  const sentence = page.locator('.headline');
  await sentence.waitFor();
  const level = await sentence.getAttribute('data-level');
  expect(['ok', 'warn', 'bad'].includes(level), `the level is ${level}`);
  const title = await sentence.locator('h1').textContent();
  expect(title.length > 0 && !title.includes('{'), `it says “${title}”`);
  await page.goto(`${url}/data`);
  expect((await page.locator('#app *').count()) === 0, 'another page has it, too');
  await page.unrouteAll();
  await open(url);
  await page.getByTestId('sentence').waitFor();
});

// --- Every page, for each role

/** Somebody looks at each page; none asks for what is refused then, is wider than its screen, or does not come. */
async function walk(theirs, width, colorScheme) {
  const refused = [];
  const note = (answer) => {
    if ([401, 403, 404].includes(answer.status()))
      refused.push(`${answer.url()}: ${answer.status()}`);
  };
  theirs.on('response', note);
  await theirs.setViewportSize({ width, height: 800 });
  await theirs.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  for (const path of PAGES) {
    await open(url + path, theirs);
    await theirs.locator('main [data-page-title]').waitFor();
    await until(
      'all is there',
      async () => !(await theirs.locator('main [aria-busy=true]').count()),
    );
    const scrollWidth = await theirs.evaluate(() => document.documentElement.scrollWidth);
    expect(scrollWidth <= width, `${path} is ${scrollWidth} pixels wide`);
  }
  theirs.off('response', note);
  expect(refused.length === 0, refused.join('\n'));
}

async function logIn(theirs, user, theirPassword) {
  await open(url, theirs);
  await theirs.getByLabel('User').fill(user);
  await theirs.getByLabel('Password', { exact: true }).fill(theirPassword);
  await theirs.getByRole('button', { name: 'Log in' }).click();
  await theirs.getByTestId('sentence').waitFor();
}

await check(
  'an operator comes to every page, and none asks for what is not for operators',
  async () => {
    const made = await ask(
      'POST',
      '/users',
      { name: OPERATOR, password: OPERATOR_PASSWORD, role: 'operator' },
      { 'Content-Type': 'application/json' },
    );
    expect(made.status === 201, `POST /users answers ${made.status}`);
    const theirs = await newVisitor();
    await logIn(theirs, OPERATOR, OPERATOR_PASSWORD);
    await walk(theirs, 1280, 'light');
    await theirs.context().close();
    const gone = await ask('DELETE', `/users/${OPERATOR}`);
    expect(gone.status === 204, `DELETE /users/${OPERATOR} answers ${gone.status}`);
  },
);
if (viewer)
  await check('so does a viewer, on a phone in the dark', async () => {
    const theirs = await newVisitor();
    await logIn(theirs, viewer, password);
    await walk(theirs, 320, 'dark');
    await theirs.context().close();
  });
// --- On a phone

await check('on a phone the rest of the pages is behind “More”', async () => {
  await page.setViewportSize({ width: 360, height: 780 });
  const more = button('More');
  await more.click();
  await shoot('phone-more');
  await page.keyboard.press('Escape');
  expect((await more.getAttribute('aria-expanded')) === 'false', 'Esc does not close it');
  await more.click();
  await page.getByRole('link', { name: 'Devices' }).click();
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  expect(new URL(page.url()).pathname === '/devices', page.url());
  expect((await more.getAttribute('aria-expanded')) === 'false', 'it is still open');
  await page.setViewportSize({ width: 1280, height: 900 });
});

await finish();
