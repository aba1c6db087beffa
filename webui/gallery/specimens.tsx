// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { SETTINGS } from '../src/api/settings';
import type { Network, SinkTest, State } from '../src/api/types';
import { idOf, type Kind } from '../src/derive/setting';
import type { Tone } from '../src/derive/tone';
import { count, countShort, rate } from '../src/format/format';
import { Input } from '../src/pages/settings/all';
import { Preview } from '../src/pages/settings/preview';
import { Headline, Loading, Outcome, Table, Trouble } from '../src/parts/asked';
import { Bar, Card, Copyable, Fact, Facts, Notice, OwnMark, Status } from '../src/parts/basics';
import { Confirm } from '../src/parts/confirm';
import { Field } from '../src/parts/field';
import { Fingerprint } from '../src/parts/fingerprint';
import { Icon, type IconName } from '../src/parts/icon';
import { PasswordField } from '../src/parts/password-field';
import { PathPicture } from '../src/parts/path';
import { Select } from '../src/parts/select';
import { ServiceRows } from '../src/parts/service-rows';
import { Sketch } from '../src/parts/sketch';
import { StaleNotice } from '../src/parts/stale';
import { Strength } from '../src/parts/strength';
import { Tabs } from '../src/parts/tabs';
import { Trial } from '../src/parts/trial';
import { ZoneForm } from '../src/parts/zone-form';
import type { Asked } from '../src/state/asked';
import { service, stateWith } from '../test/fixture';

const none = () => {};

/** The first of its kind, with something in it. */
function setting(kind: Kind, value: string, error?: string): JSX.Element {
  const [one] = SETTINGS.filter((some) => some.kind === kind);
  return one ? (
    <Input key={idOf(one)} setting={one} config={{}} value={value} error={error} onValue={none} />
  ) : (
    <p>{kind}</p>
  );
}

const MACHINE: Network = {
  managed: true,
  why: null,
  links: [],
  network: null,
  time: { zone: 'Europe/Berlin', servers: ['ntp.example.com'] },
  trial: null,
  last: null,
};

interface Section {
  part: string;
  /** One specimen a row. */
  wide?: boolean;
  specimens: [state: string, element: JSX.Element][];
}

const TONES: Tone[] = ['ok', 'warn', 'bad', 'off', 'move'];
const LONG = 'pressure-and-temperature-adapter-of-the-third-hall-on-the-left-'.repeat(3);
const RTL = 'בדיקה عربي';

const base = stateWith();
const withUplink = (change: Partial<State['uplink']>, held = 1_204_318) =>
  stateWith({ uplink: { ...base.uplink, ...change }, buffer: { ...base.buffer, held } });
const withService = (at: number, change: Parameters<typeof service>[1]) => {
  const state = stateWith();
  const old = state.services[at];
  if (old) state.services[at] = { ...old, ...change };
  return state;
};

const PATHS: [string, State][] = [
  ['all flows', base],
  [
    'nothing to move',
    { ...base, services: base.services.map((s) => ({ ...s, rates: { in: 0, out: 0 } })) },
  ],
  ['uplink away', withUplink({ state: 'away', last_status: 503, attempt: 23 })],
  ['uplink does not answer', withUplink({ state: 'away', last_status: null, attempt: 2 })],
  ['uplink refuses', withUplink({ state: 'refused', last_status: 401, attempt: 4 })],
  ['no uplink', withUplink({ state: 'unset', url: '' })],
  ['a service has failed', withService(1, { health: 'failed', state: 'failed' })],
  ['devices are not let in', withService(0, { numbers: { open: 0 } })],
  [
    'many devices, many rules',
    withService(0, { numbers: { clients: 1987 }, rates: { in: 45_900, out: 45_900 } }),
  ],
  ['no services yet', stateWith({ services: [] })],
];

const step = (name: SinkTest['steps'][number]['step'], ok: boolean, detail: string, ms = 3) => ({
  step: name,
  ok,
  ms,
  detail,
});
const WAY = [
  step('resolve', true, '192.0.2.7'),
  step('connect', true, '', 21),
  step('tls', true, 'TLSv1.3, issued by Example CA, valid until 2027-01-31', 48),
];

const asked = <T,>(value: T | null, error: unknown): Asked<T> => ({
  value,
  error,
  again: async () => {},
});

const TIMES = Array.from({ length: 120 }, (_, i) => Date.parse(base.at) / 1000 - 600 + i * 5);
const curve = (of: (i: number) => number | null) => TIMES.map((_, i) => of(i));
const sketch = (values: (number | null)[], more = {}) => (
  <Sketch
    label="Records held"
    times={TIMES}
    span={600}
    lines={[{ name: 'held', values, color: '--accent', fill: '--accent-bg' }]}
    format={count}
    axis={countShort}
    {...more}
  />
);

const ICONS: IconName[] = [
  'devices',
  'broker',
  'processor',
  'buffer',
  'forwarder',
  'cloud',
  'overview',
  'services',
  'releases',
  'alarms',
  'own',
  'settings',
  'audit',
  'more',
  'copy',
  'check',
  'cross',
];

export const SECTIONS: Section[] = [
  {
    part: 'Status',
    specimens: TONES.map((tone) => [
      tone,
      <Status key={tone} tone={tone}>
        a word for it
      </Status>,
    ]),
  },
  {
    part: 'Notice',
    specimens: TONES.map((tone) => [
      tone,
      <Notice key={tone} tone={tone} title="What there is to know">
        And what can be done about it.
      </Notice>,
    ]),
  },
  {
    part: 'Bar',
    specimens: [0, 0.004, 0.3, 0.85, 0.97, 1.4].map((part) => [
      `${part * 100} %`,
      <Bar key={part} part={part} label="of its limit" />,
    ]),
  },
  {
    part: 'Copyable',
    specimens: [
      ['short', <Copyable key="1" value="hf-1a2b3c4d" label="id" />],
      [
        'shortened',
        <Copyable key="2" value={'0c1d'.repeat(16)} shown="0c1d0c1d0c1d" label="digest" />,
      ],
      ['long', <Copyable key="3" value={LONG} label="name" />],
    ],
  },
  {
    part: 'Facts',
    specimens: [
      [
        'usual',
        <Facts key="1">
          <Fact name="Up for">2 h 10 min</Fact>
          <Fact name="Clock">
            <Status tone="warn">not synchronised</Status>
          </Fact>
        </Facts>,
      ],
      [
        'long and right to left',
        <Facts key="2">
          <Fact name={LONG}>{LONG}</Fact>
          <Fact name={RTL}>{RTL}</Fact>
        </Facts>,
      ],
    ],
  },
  {
    part: 'Card',
    specimens: [
      [
        'with something aside',
        <Card
          key="1"
          title="Services"
          aside={
            <a class="aside" href="#all">
              All services →
            </a>
          }
        >
          <p>What is in it.</p>
        </Card>,
      ],
      [
        'long title',
        <Card key="2" title={LONG}>
          <p class="quiet">Nothing.</p>
        </Card>,
      ],
    ],
  },
  {
    part: 'Buttons',
    specimens: (['', 'primary', 'danger', 'small', 'bad'] as const).map((kind) => [
      kind || 'plain',
      <p key={kind}>
        <button type="button" class={`button ${kind}`}>
          Do it
        </button>{' '}
        <button type="button" class={`button ${kind}`} disabled>
          Not now
        </button>
      </p>,
    ]),
  },
  {
    part: 'Field',
    specimens: [
      ['empty', <Field key="1" id="f1" label="Name" input={{ value: '' }} />],
      [
        'with a hint',
        <Field
          key="2"
          id="f2"
          label="Name"
          hint="Letters and digits"
          input={{ value: 'press-7' }}
        />,
      ],
      [
        'wrong',
        <Field
          key="3"
          id="f3"
          label="Name"
          hint="Letters and digits"
          error="Enter a name"
          input={{ value: '' }}
        />,
      ],
      ['disabled', <Field key="4" id="f4" label="Name" input={{ value: LONG, disabled: true }} />],
      [
        'password',
        <PasswordField
          key="5"
          id="f5"
          label="Password"
          value="correct horse"
          autocomplete="current-password"
          onValue={none}
        />,
      ],
      [
        'one of several',
        <Select key="6" label="All kinds" options={[['exit', 'Exits']]} value="" onChoose={none} />,
      ],
    ],
  },
  {
    part: 'Strength',
    specimens: ['', 'short', 'password12', 'Tr0ub4dor&3', 'correct horse battery staple'].map(
      (password) => [
        password || 'nothing yet',
        <Strength key={password} password={password} related={[]} />,
      ],
    ),
  },
  {
    part: 'Fingerprint',
    specimens: [
      [
        'whole',
        <Fingerprint
          key="1"
          value={`SHA256:${Array.from({ length: 32 }, (_, i) => (i * 7 + 16).toString(16).padStart(2, '0').slice(-2).toUpperCase()).join(':')}`}
        />,
      ],
    ],
  },
  {
    part: 'Trial of a way out',
    specimens: [
      ['under way', <Trial key="1" test={null} />],
      [
        'free',
        <Trial
          key="2"
          test={{
            steps: [
              ...WAY,
              step('auth', true, '', 0),
              step('send', true, 'the uplink answers 200', 61),
            ],
          }}
        />,
      ],
      [
        'no name',
        <Trial
          key="3"
          test={{ steps: [step('resolve', false, 'Name or service not known', 2003)] }}
        />,
      ],
      [
        'a certificate that nobody vouches for',
        <Trial
          key="4"
          test={{
            steps: [
              ...WAY.slice(0, 2),
              step(
                'tls',
                false,
                'SSL certificate problem: self-signed certificate in certificate chain',
                48,
              ),
            ],
          }}
        />,
      ],
      [
        'not let in',
        <Trial
          key="5"
          test={{ steps: [...WAY, step('auth', false, 'the uplink answers 401: bad token', 31)] }}
        />,
      ],
      [
        'refused',
        <Trial
          key="6"
          test={{
            steps: [
              ...WAY,
              step('auth', true, '', 0),
              step('send', false, `the uplink answers 404: ${LONG}`, 31),
            ],
          }}
        />,
      ],
    ],
  },
  {
    part: 'Path',
    wide: true,
    specimens: PATHS.map(([name, state]) => [name, <PathPicture key={name} state={state} />]),
  },
  {
    part: 'Rows of services',
    wide: true,
    specimens: [
      ['healthy', <ServiceRows key="1" services={base.services} />],
      [
        'in every health',
        <ServiceRows
          key="2"
          services={(
            [
              'healthy',
              'starting',
              'degraded',
              'waiting',
              'unreachable',
              'stopped',
              'failed',
            ] as const
          ).map((health) =>
            service(health, { health, reason: health === 'healthy' ? '' : 'why it is so' }),
          )}
        />,
      ],
      [
        'long and right to left, an own one, no usage',
        <ServiceRows
          key="3"
          services={[
            service('long', { title: LONG, own: true }),
            service('rtl', { title: RTL, own: true, usage: null }),
          ]}
        />,
      ],
      ['none', <ServiceRows key="4" services={[]} />],
    ],
  },
  {
    part: 'Sketch',
    specimens: [
      ['a backlog', sketch(curve((i) => (i < 40 ? 3 : (i - 40) * 150)))],
      [
        'quiet',
        sketch(
          curve(() => 0),
          { atLeast: 10 },
        ),
      ],
      ['with holes', sketch(curve((i) => (i % 40 < 20 ? 40 + (i % 7) : null)))],
      ['nothing yet', sketch([], { times: [] })],
      [
        'two lines',
        sketch([], {
          label: 'Records a second',
          format: rate,
          axis: rate,
          lines: [
            { name: 'in', values: curve((i) => 50 + (i % 9)), color: '--accent' },
            { name: 'out', values: curve((i) => 48 + (i % 5)), color: '--ink-2', dashed: true },
          ],
        }),
      ],
    ],
  },
  {
    part: 'What was asked for',
    specimens: [
      ['on its way', <Loading key="1" asked={asked(null, null)} />],
      [
        'did not come',
        <Trouble key="2" asked={asked(null, new Error('the gateway does not answer'))} />,
      ],
      ['is older', <Trouble key="3" asked={asked(1, new Error('the buffer does not answer'))} />],
      ['was done', <Outcome key="4" text="Saved as revision 8." error={null} />],
      ['was not done', <Outcome key="5" text="" error={new Error('the disk is full')} />],
      ['Docker is away', <StaleNotice key="6" since="2026-11-24T03:00:00Z" at={base.at} />],
    ],
  },
  {
    part: 'A setting',
    specimens: [
      ['a number', setting('number', '50')],
      ['a number that is wrong', setting('number', '9000', 'goes from 0 to 5000 ms')],
      ['a choice', setting('choice', 'drop_oldest')],
      ['yes or no', setting('switch', 'true')],
      ['two thresholds', setting('pair', '85 95')],
      ['a secret', setting('secret', '')],
      ['a list', setting('texts', `/srv/recipes\n/srv/${LONG}`)],
      ['what is written as JSON', setting('json', JSON.stringify({ a: [1, 2] }, null, 2))],
    ],
  },
  {
    part: 'What a change would do',
    specimens: [
      [
        'something',
        <Preview
          key="1"
          proposal={{
            changes: [{ path: '/buffer/window_ms', before: 50, after: 120 }],
            effects: [{ service: 'processor', change: 'memory 64 MB → 96 MB', how: 'live' }],
          }}
          none=""
          busy={false}
          onApply={none}
          onCancel={none}
        />,
      ],
      [
        'nothing',
        <Preview
          key="2"
          proposal={{ changes: [], effects: [] }}
          none="Nothing would change."
          busy={false}
          onApply={none}
          onCancel={none}
        />,
      ],
      ['the time of the machine', <ZoneForm key="3" now={MACHINE} withServers onSet={none} />],
    ],
  },
  {
    part: 'Headline',
    wide: true,
    specimens: TONES.map((tone) => [
      tone,
      <Headline
        key={tone}
        tone={tone}
        eyebrow="Uplink away for 2 h 10 min"
        title="Every record is safe."
        detail="Next try in 46 s."
      />,
    ]),
  },
  {
    part: 'Tabs and tables',
    wide: true,
    specimens: [
      [
        'tabs',
        <Tabs
          key="1"
          label="Data"
          here="/b"
          tabs={['a', 'b', 'c', 'd', 'e', 'f'].map((one) => ({
            href: `/${one}`,
            title: `Subject ${one}`,
          }))}
        />,
      ],
      [
        'a table',
        <Table
          key="2"
          label="Things"
          head={
            <>
              <th>Name</th>
              <th class="number">Records</th>
            </>
          }
        >
          {[LONG, RTL, '<script>alert(1)</script>', 'sensors/😀/temp'].map((name, i) => (
            <tr key={name}>
              <th class="breaks">{name}</th>
              <td class="number">{count(i * 1204)}</td>
            </tr>
          ))}
        </Table>,
      ],
      [
        'own mark',
        <p key="3">
          PLC adapter <OwnMark />
        </p>,
      ],
    ],
  },
  {
    part: 'Icons',
    wide: true,
    specimens: [
      [
        'all',
        <p key="1">
          {ICONS.map((name) => (
            <Icon key={name} name={name} />
          ))}
        </p>,
      ],
    ],
  },
];

/** Over the page: shown alone, at /gallery.html#dialog. */
export const DIALOG = (
  <Confirm
    title="Drop what is held?"
    confirm="Drop 1,204 records"
    danger
    onConfirm={none}
    onClose={none}
  >
    <p>They are gone for good, and a gap record tells the cloud.</p>
  </Confirm>
);
