// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type {
  KnownRelease,
  PastUpgrade,
  Plan,
  RegistryCheck,
  ReleaseList,
  Upgrade,
} from '../src/api/types';
import {
  awayText,
  changeText,
  checkText,
  gapsText,
  howText,
  incidentOf,
  inOrder,
  knownMark,
  lastFailure,
  mayLose,
  meanwhileText,
  namesText,
  pastMark,
  planFigures,
  releasesAnswer,
  stepsOf,
} from '../src/derive/release';
import { heldService, isGivenUp, isUnderWay, stageText } from '../src/derive/upgrade';
import { upgradeForm, upgradePatch } from '../src/derive/upgrade-settings';
import { incident, stateWith } from './fixture';

const AT = '2026-11-24T03:01:34.000Z';
const OLD = { id: 'a'.repeat(32), name: '2026.11.2' };
const NEW = { id: 'b'.repeat(32), name: '2026.12.0' };
const titleOf = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

type ServiceState = Upgrade['services'][number]['state'];

/** Of processor and forwarder, in that order. */
function upgrade(
  state: Upgrade['state'],
  [first, second]: [ServiceState, ServiceState],
  change: Partial<Upgrade> = {},
): Upgrade {
  return {
    ...stateWith().upgrade,
    state,
    release: NEW,
    from: OLD,
    actor: 'admin',
    started: '2026-11-24T03:00:00.000Z',
    services: [
      { service: 'processor', state: first, gap_ms: first === 'switched' ? 1240 : null },
      { service: 'forwarder', state: second, gap_ms: second === 'switched' ? 860 : null },
    ],
    ...change,
  };
}

const gate = (remaining_s: number): NonNullable<Upgrade['gate']> => ({
  seconds: 60,
  remaining_s,
  checks: [{ name: 'memory', state: 'waiting', detail: "'processor' uses 62 of its 64 MB" }],
});

const states = (now: Upgrade) => stepsOf(now, titleOf).map((s) => `${s.key} ${s.state}`);
const step = (now: Upgrade, key: string) => stepsOf(now, titleOf).find((s) => s.key === key);

function past(change: Partial<PastUpgrade> = {}): PastUpgrade {
  return {
    id: '1',
    kind: 'upgrade',
    release: NEW,
    from: OLD,
    outcome: 'committed',
    actor: 'admin',
    started: '2026-11-24T03:00:00.000Z',
    finished: '2026-11-24T03:01:00.000Z',
    reason: '',
    gaps: [],
    ...change,
  };
}

const failed = past({ outcome: 'rolled_back', reason: "'processor' does not do its work" });
const givenUp = past({ outcome: 'rolled_back', reason: 'given up by admin' });

function known(id: string, state: KnownRelease['state']): KnownRelease {
  return {
    id,
    name: id,
    created: AT,
    state,
    source: 'upload',
    signed: false,
    added: AT,
    detail: '',
  };
}

const CHECK: RegistryCheck = {
  host: 'r.example',
  busy: false,
  checked: AT,
  failed: false,
  found: 0,
  added: 0,
  refused: 0,
  detail: '',
};

const list = (change: Partial<ReleaseList> = {}): ReleaseList => ({
  running: OLD,
  previous: null,
  releases: [],
  history: [],
  registry: CHECK,
  ...change,
});

describe('what came of a look into the registry', () => {
  const said = (change: Partial<RegistryCheck>) => checkText({ ...CHECK, ...change }, AT);

  it('says what there is', () => {
    expect(said({ host: null }).text).toBe('No registry is set to look in.');
    expect(said({ checked: null }).text).toBe('r.example has not been asked yet.');
    expect(said({ busy: true }).text).toBe('r.example is being asked.');
    expect(said({}).text).toMatch(/: no release\.$/);
    expect(said({ found: 1, added: 1 }).text).toMatch(/: one release, new\.$/);
    expect(said({ found: 3, added: 1 }).text).toMatch(/: 3 releases, 1 new\.$/);
    expect(said({ found: 3 }).text).toMatch(/: 3 releases, none new\.$/);
  });

  it('says what is wrong', () => {
    expect(said({}).problem).toBe('');
    expect(said({ failed: true, detail: 'it is away' }).problem).toBe('It is away.');
    expect(said({ refused: 1, detail: '1.2.0: not signed' }).problem).toBe(
      'One was refused. 1.2.0: not signed.',
    );
    expect(said({ refused: 2, detail: '1.2.0: not signed' }).problem).toMatch(/^2 were refused\./);
  });
});

describe('the steps of an upgrade', () => {
  it('go on one after the other', () => {
    const order = (now: Upgrade) => states(now).join(', ');
    expect(order(upgrade('pulling', ['waiting', 'waiting']))).toBe(
      'fetch now, processor todo, forwarder todo, gate todo, keep todo',
    );
    expect(order(upgrade('switching', ['switched', 'switching']))).toBe(
      'fetch done, processor done, forwarder now, gate todo, keep todo',
    );
    expect(order(upgrade('gating', ['switched', 'switched'], { gate: gate(42) }))).toBe(
      'fetch done, processor done, forwarder done, gate now, keep todo',
    );
    expect(order(upgrade('committed', ['switched', 'switched']))).toBe(
      'fetch done, processor done, forwarder done, gate done, keep done',
    );
  });

  it('say how long a service was away, and how long the watch lasts', () => {
    const now = upgrade('gating', ['switched', 'switched'], { gate: gate(42) });
    expect(step(now, 'processor')?.word).toBe('was away for 1.2\u00a0s');
    expect(step(now, 'gate')).toMatchObject({
      title: 'Watch it for 1\u00a0min',
      word: '42\u00a0s to go',
    });
  });

  it('say what image is fetched, with bytes where they are known', () => {
    const pull = {
      service: 'processor',
      number: 1,
      of: 2,
      bytes: null,
      total_bytes: null,
      layer: null,
    };
    const word = (more: object) =>
      step(upgrade('pulling', ['waiting', 'waiting'], { pull: { ...pull, ...more } }), 'fetch')
        ?.word;
    expect(word({})).toBe('1 of 2: Processor');
    expect(word({ bytes: 1024 ** 2, total_bytes: 4 * 1024 ** 2 })).toBe(
      '1 of 2: Processor, 1 of 4\u00a0MB',
    );
    const layer = {
      digest: `sha256:${'3'.repeat(64)}`,
      bytes: 1024 ** 2,
      total_bytes: 2 * 1024 ** 2,
    };
    expect(
      step(upgrade('pulling', ['waiting', 'waiting'], { pull: { ...pull, layer } }), 'fetch')
        ?.detail,
    ).toBe('Layer 333333333333: 1 of 2\u00a0MB.');
  });

  it('wait where something holds them up, and say what', () => {
    const waiting = "'forwarder' says that it is busy";
    const now = upgrade('switching', ['switched', 'waiting'], { waiting });
    expect(heldService(now)).toBe('forwarder');
    expect(step(now, 'forwarder')).toMatchObject({
      state: 'now',
      word: 'waits',
      detail: `${waiting}.`,
    });
    expect(stageText(now, titleOf)).toBe('Waits to switch Forwarder');
    expect(heldService({ ...now, waiting: '' })).toBe(null);
    expect(heldService(upgrade('switching', ['switching', 'waiting'], { waiting }))).toBe(null);
    expect(heldService(upgrade('gating', ['switched', 'switched'], { waiting }))).toBe(null);
  });

  it('do not say twice what a check says already', () => {
    const of = (waiting: string) =>
      step(upgrade('gating', ['switched', 'switched'], { gate: gate(42), waiting }), 'gate')
        ?.detail;
    expect(of("'processor' uses 62 of its 64 MB")).toBe('');
    expect(of('Docker does not answer')).toBe('Docker does not answer.');
  });

  it('lead back to what ran, with the reason first', () => {
    const reason = "'processor' does not do its work for 20 s";
    const back = upgrade('rolling_back', ['going_back', 'back'], { reason });
    expect(states(back)).toEqual(['why failed', 'processor now', 'forwarder done', 'back todo']);
    expect(step(back, 'why')).toMatchObject({
      title: '2026.12.0 was not kept',
      detail: `${reason}.`,
    });
    const over = upgrade('rolled_back', ['back', 'back'], { reason: 'given up by admin' });
    expect(states(over).at(-1)).toBe('back done');
    expect(step(over, 'why')?.title).toBe('2026.12.0 was given up');
  });
});

describe('a newer holdfastd', () => {
  it('is a step while it is installed', () => {
    const now = upgrade('installing', ['waiting', 'waiting'], {
      waiting: 'holdfastd 2.0.0 is on trial',
    });
    expect(states(now).slice(0, 2)).toEqual(['fetch done', 'install now']);
    expect(step(now, 'install')?.detail).toBe('Holdfastd 2.0.0 is on trial.');
    expect(stageText(now, titleOf)).toBe('Installing a newer holdfastd');
    expect(states(upgrade('verified', ['waiting', 'waiting']))).not.toContain('install now');
  });
});

describe('an upgrade in a few words', () => {
  it('is under way from its start to its end', () => {
    expect(isUnderWay(stateWith().upgrade)).toBe(false);
    expect(isUnderWay(upgrade('pulling', ['waiting', 'waiting']))).toBe(true);
    expect(isUnderWay(upgrade('committed', ['switched', 'switched'], { finished: AT }))).toBe(
      false,
    );
  });

  it('was given up only where a person said so', () => {
    expect(isGivenUp('given up by admin')).toBe(true);
    expect(isGivenUp("'processor' has given up by itself")).toBe(false);
  });

  it('is one sentence, whose colour says whether somebody is needed', () => {
    const answer = (now: Upgrade, of: ReleaseList | null = list()) =>
      releasesAnswer(now, of, OLD.name, titleOf, AT);
    const idle = stateWith().upgrade;
    expect(answer(idle)).toMatchObject({ tone: 'ok', title: '2026.11.2 runs.' });
    expect(answer(idle, null).detail).toBe('');
    expect(answer(idle, list({ history: [failed] }))).toMatchObject({
      tone: 'warn',
      title: '2026.12.0 was not kept. 2026.11.2 runs.',
      detail: "'processor' does not do its work.",
    });
    expect(answer(idle, list({ history: [givenUp, failed] })).tone).toBe('ok');
    expect(answer(upgrade('pulling', ['waiting', 'waiting'])).tone).toBe('move');
    expect(
      answer(upgrade('pulling', ['waiting', 'waiting'], { waiting: 'no answer' })),
    ).toMatchObject({ tone: 'warn', title: '2026.12.0 cannot be fetched yet.' });
    expect(answer(upgrade('gating', ['switched', 'switched'], { gate: gate(42) })).tone).toBe(
      'move',
    );
    const watched = (left: number) =>
      answer(upgrade('gating', ['switched', 'switched'], { gate: gate(left), waiting: 'slow' }));
    expect(watched(42)).toMatchObject({
      tone: 'warn',
      title: '2026.12.0 runs, and does not do well now.',
    });
    expect(watched(60).tone).toBe('move');
    expect(releasesAnswer(idle, list(), null, titleOf, AT).title).toBe('Nothing runs yet.');
  });
});

describe('releases', () => {
  it('that run and ran before come first, the others stay in their order', () => {
    const all = [
      known('new', 'available'),
      known('bad', 'failed'),
      known('old', 'previous'),
      known('older', 'available'),
      known('now', 'running'),
    ];
    expect(inOrder(all).map((r) => r.id)).toEqual(['now', 'old', 'new', 'bad', 'older']);
  });

  it('are, while one is applied, what they are in it', () => {
    const now = upgrade('switching', ['switching', 'waiting']);
    expect(knownMark(known(NEW.id, 'failed'), now).word).toBe('being applied');
    expect(knownMark(known(OLD.id, 'running'), now).word).toBe('the way back');
    expect(knownMark(known(OLD.id, 'running'), { ...now, finished: AT }).word).toBe('runs');
  });
});

describe('the history', () => {
  it('says how each ended', () => {
    expect(pastMark(past())).toEqual({ tone: 'ok', word: 'kept' });
    expect(pastMark(past({ kind: 'rollback' })).word).toBe('went back');
    expect(pastMark(failed)).toEqual({ tone: 'warn', word: 'rolled back' });
    expect(pastMark(givenUp).tone).toBe('off');
  });

  it('says who was away for how long', () => {
    expect(gapsText(past(), titleOf)).toBe('');
    const gaps = [
      { service: 'broker', gap_ms: 840 },
      { service: 'buffer', gap_ms: 14_200 },
    ];
    expect(gapsText(past({ gaps }), titleOf)).toBe('Away: Broker 840\u00a0ms, Buffer 14\u00a0s.');
    expect(awayText(9940)).toBe('9.9\u00a0s');
  });

  it('finds what was seen: of that release, in that time', () => {
    const at = '2026-11-24T03:00:40.000Z';
    const mine = incident({ id: '9', found: 'release 2026.12.0: ended', at, last: at });
    expect(incidentOf(failed, [mine])?.id).toBe('9');
    expect(incidentOf(past(), [mine])).toBe(null);
    expect(incidentOf(failed, [{ ...mine, found: 'release 2026.12.01: ended' }])).toBe(null);
    expect(incidentOf(failed, [{ ...mine, at: AT, last: AT }])).toBe(null);
    expect(incidentOf(failed, [{ ...mine, at: '2026-11-23T03:00:00.000Z' }])?.id).toBe('9');
  });

  it('has a last failure until something else was tried', () => {
    expect(lastFailure(list({ history: [failed] }))).toBe(failed);
    expect(lastFailure(list({ history: [past(), failed] }))).toBe(null);
    expect(lastFailure(list({ history: [givenUp] }))).toBe(null);
  });
});

type PlanService = Plan['services'][number];

function change(more: Partial<PlanService> = {}): PlanService {
  return {
    service: 'processor',
    from_tag: '0.1.0',
    to_tag: '0.1.1',
    image: true,
    limits: '',
    settings: false,
    restarts: true,
    present: false,
    fetch_bytes: 1000,
    last_gap_ms: null,
    ...more,
  };
}

function plan(more: Partial<Plan> = {}): Plan {
  return {
    release: NEW,
    from: OLD,
    possible: true,
    obstacles: [],
    needs_allow_older: false,
    daemon: null,
    services: [change()],
    unchanged: ['broker'],
    fetch: { images: 1, layers: 2, bytes: 1000 },
    disk: { free_bytes: null, needed_bytes: 2500, peak_bytes: 3500 },
    backlog: {
      held: 812,
      in_per_s: 154,
      held_meanwhile: null,
      room_s: null,
      queue_s: null,
      max_backlog: null,
    },
    schema_changes: [],
    gate: { seconds: 60, switch_s: 120, checks: ['health'] },
    rollback: { release: OLD, images_present: true, detail: '' },
    warnings: [],
    scan: null,
    ...more,
  };
}

const figures = (of: Plan) => planFigures(of).map(({ value, text }) => `${value} ${text}`);

describe('a plan', () => {
  it('says at a glance what restarts, for how long, and what is fetched', () => {
    expect(figures(plan())).toEqual([
      '1 service restarts',
      '– away: not measured yet',
      '1,000\u00a0B to fetch: 1 image, 2 layers',
      '812 records held now',
    ]);
    const known = plan({
      services: [change({ last_gap_ms: 1240 }), change({ last_gap_ms: 860 })],
      fetch: { images: 2, layers: 5, bytes: 1024 ** 2 },
      backlog: { ...plan().backlog, held: 0, in_per_s: 1, held_meanwhile: 12 },
    });
    expect(figures(known)).toEqual([
      '2 services restart, one by one',
      '1.2\u00a0s away at most, the last time',
      '1\u00a0MB to fetch: 2 images, 5 layers',
      '12 records wait meanwhile',
    ]);
  });

  it('of what changes while it runs has no time away', () => {
    const live = plan({
      services: [change({ image: false, restarts: false, limits: 'memory 64 MB → 96 MB' })],
      fetch: { images: 0, layers: 0, bytes: 0 },
    });
    expect(figures(live)).toEqual([
      'none of the services restarts',
      'nothing to fetch, all is here',
      '812 records held now',
    ]);
  });

  it('says what of a service changes, and how', () => {
    expect(changeText(change())).toBe('0.1.0 → 0.1.1');
    expect(changeText(change({ to_tag: '0.1.0', settings: true }))).toBe(
      'another image of 0.1.0 · other ports, mounts or command',
    );
    expect(howText(change({ present: true, last_gap_ms: 860 }))).toBe(
      'away: 860\u00a0ms the last time · image is here',
    );
    expect(howText(change({ restarts: false }))).toBe('while it runs');
  });

  it('asks for the name only where something may be lost, or is not known', () => {
    expect(mayLose(plan())).toBe(false);
    expect(mayLose(plan({ schema_changes: ['buffer: old form'] }))).toBe(true);
    expect(mayLose(null)).toBe(true);
  });

  it('promises nothing for what devices publish while the broker is away', () => {
    expect(meanwhileText([])).toBe('');
    expect(meanwhileText(['processor'])).toContain('nothing is lost');
    expect(meanwhileText(['processor', 'broker'])).not.toContain('nothing is lost');
  });

  it('names services as people do', () => {
    expect(namesText([], titleOf)).toBe('');
    expect(namesText(['broker'], titleOf)).toBe('Broker');
    expect(namesText(['broker', 'buffer', 'forwarder'], titleOf)).toBe(
      'Broker, Buffer and Forwarder',
    );
  });
});

describe('how releases are applied', () => {
  const upgradeSettings = {
    freeze: false,
    gate_s: 60,
    switch_s: 120,
    max_backlog: 0,
    busy_wait_s: 0,
    config_gate_s: 60,
  };
  const before = upgradeForm({ upgrade: upgradeSettings } as never);

  it('is sent as far as it was changed', () => {
    expect(upgradePatch({ ...before, gate_s: '90' }, before)).toEqual({
      patch: { gate_s: 90 },
      errors: {},
    });
  });

  it('is refused where it stands', () => {
    expect(upgradePatch({ ...before, switch_s: '5', gate_s: 'long' }, before)).toEqual({
      patch: {},
      errors: { switch_s: 'goes from 10 to 3600 s', gate_s: 'is not a number' },
    });
  });
});
