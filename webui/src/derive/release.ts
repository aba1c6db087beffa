// SPDX-License-Identifier: Apache-2.0
// Releases, plans and upgrades in words.
import type {
  Incident,
  KnownRelease,
  PastUpgrade,
  Plan,
  RegistryCheck,
  ReleaseList,
  ServiceName,
  Upgrade,
} from '../api/types';
import {
  bytes,
  bytesOf,
  count,
  countShort,
  duration,
  shortDigest,
  timeNear,
} from '../format/format';
import { sentence } from './incident';
import type { Mark, Tone } from './tone';
import { heldService, isGivenUp, isUnderWay, stageText, type TitleOf } from './upgrade';

const NB = '\u00a0';
const MS_A_SECOND = 1000;

/** How long a service was away: 840 → "840 ms", 1240 → "1.2 s" */
export function awayText(ms: number): string {
  if (ms < MS_A_SECOND) return `${ms}${NB}ms`;
  if (ms < 10 * MS_A_SECOND) return `${(ms / MS_A_SECOND).toFixed(1)}${NB}s`;
  return duration(ms / MS_A_SECOND);
}

const KNOWN: Record<KnownRelease['state'], Mark> = {
  running: { tone: 'ok', word: 'runs' },
  previous: { tone: 'off', word: 'ran before' },
  available: { tone: 'off', word: 'can be applied' },
  failed: { tone: 'warn', word: 'was rolled back' },
};

/** What is on its way is so, whatever became of it before. */
export function knownMark(release: KnownRelease, upgrade: Upgrade): Mark {
  if (isUnderWay(upgrade) && upgrade.release?.id === release.id)
    return { tone: 'move', word: 'being applied' };
  if (isUnderWay(upgrade) && upgrade.from?.id === release.id)
    return { tone: 'off', word: 'the way back' };
  return KNOWN[release.state];
}

const ORDER: KnownRelease['state'][] = ['running', 'previous', 'available', 'failed'];

/** What runs, where a rollback leads, then the others, newest first. */
export function inOrder(releases: readonly KnownRelease[]): KnownRelease[] {
  const rank = ({ state }: KnownRelease) => Math.min(ORDER.indexOf(state), 2);
  return [...releases].sort((a, b) => rank(a) - rank(b));
}

const SOURCE: Record<string, string> = {
  upload: 'uploaded',
  registry: 'found in the registry',
  bundle: 'came in a bundle',
  start: 'came with the start',
};

export function originText(release: KnownRelease, now: string): string {
  const how = SOURCE[release.source] ?? release.source;
  return `${how} ${timeNear(release.added, now)}, ${release.signed ? 'signed' : 'not signed by a known key'}`;
}

export interface Answer {
  tone: Tone;
  eyebrow: string;
  title: string;
  detail: string;
}

/** What it means that these are away one after the other: the broker alone is what devices see. */
export function meanwhileText(services: readonly ServiceName[]): string {
  if (services.length === 0) return '';
  return services.includes('broker')
    ? 'Devices cannot publish while the broker is away. What they do not keep themselves is lost.'
    : 'What comes in waits meanwhile, and nothing is lost.';
}

function underWayAnswer(upgrade: Upgrade, titleOf: TitleOf): Answer {
  const { state, waiting, gate } = upgrade;
  const to = upgrade.release?.name ?? '';
  const from = upgrade.from?.name ?? '';
  const eyebrow = upgrade.kind === 'rollback' ? 'Rollback under way' : 'Upgrade under way';
  const held = heldService(upgrade);
  const untouched = `${from} runs on meanwhile. Nothing is switched before all is here and checked.`;
  if (held !== null)
    return {
      tone: 'warn',
      eyebrow: 'Upgrade waits',
      title: `${to} waits to switch ${titleOf(held)}.`,
      detail: sentence(waiting),
    };
  if (state === 'rolling_back')
    return {
      tone: 'warn',
      eyebrow: isGivenUp(upgrade.reason) ? 'Given up' : 'Not kept',
      title: `Going back to ${from}.`,
      detail: sentence(upgrade.reason),
    };
  if (state === 'gating' && waiting) {
    // Nothing can be proved in the first moment.
    const begins = gate !== null && gate.remaining_s === gate.seconds;
    return {
      tone: begins ? 'move' : 'warn',
      eyebrow,
      title: begins
        ? `${to} runs, and has yet to prove itself.`
        : `${to} runs, and does not do well now.`,
      detail: `${sentence(waiting)} If that is seen to last, ${from} runs again by itself.`,
    };
  }
  if (state === 'gating')
    return {
      tone: 'move',
      eyebrow,
      title: `${to} runs, and is being watched.`,
      detail: gate
        ? `It is kept once it has done well for ${duration(gate.seconds)}. Otherwise ${from} runs again by itself.`
        : '',
    };
  const now = upgrade.services.find((s) => s.state === 'switching');
  if (state === 'switching' || state === 'verified')
    return {
      tone: 'move',
      eyebrow,
      title: `${stageText(upgrade, titleOf)} to ${to}.`,
      detail: meanwhileText(now ? [now.service] : []),
    };
  return {
    tone: waiting ? 'warn' : 'move',
    eyebrow,
    title: waiting ? `${to} cannot be fetched yet.` : `${to} is being fetched.`,
    detail: waiting ? `${sentence(waiting)} It is tried again. ${untouched}` : untouched,
  };
}

/** What came of the last look into the registry; problem: that something is wrong with it. */
export function checkText(
  { host, busy, checked, failed, found, added, refused, detail }: RegistryCheck,
  now: string,
): { text: string; problem: string } {
  if (host === null) return { text: 'No registry is set to look in.', problem: '' };
  if (busy) return { text: `${host} is being asked.`, problem: '' };
  if (checked === null) return { text: `${host} has not been asked yet.`, problem: '' };
  const asked = `${host} was asked ${timeNear(checked, now)}`;
  if (failed) return { text: `${asked}.`, problem: sentence(detail) };
  const what = found === 0 ? 'no release' : found === 1 ? 'one release' : `${found} releases`;
  const fresh = added === 0 ? 'none new' : added === found ? 'new' : `${added} new`;
  return {
    text: found === 0 ? `${asked}: ${what}.` : `${asked}: ${what}, ${fresh}.`,
    problem:
      refused === 0
        ? ''
        : `${refused === 1 ? 'One was' : `${refused} were`} refused. ${sentence(detail)}`,
  };
}

/** The last upgrade, where it was not kept and nothing was applied since. */
export function lastFailure({ history }: ReleaseList): PastUpgrade | null {
  const [last] = history;
  return last && last.outcome === 'rolled_back' && !isGivenUp(last.reason) ? last : null;
}

function sinceText({ history, releases }: ReleaseList, now: string): string {
  const last = history.find((h) => h.outcome === 'committed');
  const since = last
    ? `Since ${timeNear(last.finished, now)}.`
    : 'It came with the start of holdfastd.';
  const others = releases.filter((r) => r.state === 'available').length;
  if (others === 0) return since;
  return `${since} ${others === 1 ? 'One more' : `${others} more`} can be applied.`;
}

/** The one thing to know about releases now. list: null where it has not come yet. */
export function releasesAnswer(
  upgrade: Upgrade,
  list: ReleaseList | null,
  running: string | null,
  titleOf: TitleOf,
  now: string,
): Answer {
  if (isUnderWay(upgrade)) return underWayAnswer(upgrade, titleOf);
  if (running === null)
    return {
      tone: 'warn',
      eyebrow: 'No release',
      title: 'Nothing runs yet.',
      detail: 'The first release comes with the start of holdfastd: --release FILE.',
    };
  const failed = list && lastFailure(list);
  if (failed)
    return {
      tone: 'warn',
      eyebrow: 'Rolled back',
      title: `${failed.release.name} was not kept. ${running} runs.`,
      detail: sentence(failed.reason),
    };
  return {
    tone: 'ok',
    eyebrow: 'Releases',
    title: `${running} runs.`,
    detail: list ? sinceText(list, now) : '',
  };
}

// --- The steps of an upgrade

export interface Step {
  key: string;
  title: string;
  state: 'todo' | 'now' | 'done' | 'failed';
  word: string;
  detail: string;
}

/** "Layer 3f9a1c0b2d4e: 1.2 of 7.3 MB" */
function layerText(pull: Upgrade['pull']): string {
  const layer = pull?.layer;
  return layer
    ? `Layer ${shortDigest(layer.digest)}: ${bytesOf(layer.bytes, layer.total_bytes)}.`
    : '';
}

function fetchStep({ state, pull, waiting }: Upgrade, titleOf: TitleOf): Step {
  const step = { key: 'fetch', title: 'Fetch the images and check them', detail: '' };
  if (state === 'planned') return { ...step, state: 'now', word: '' };
  if (state !== 'pulling') return { ...step, state: 'done', word: 'here' };
  const size =
    pull && pull.bytes !== null && pull.total_bytes
      ? `, ${bytesOf(pull.bytes, pull.total_bytes)}`
      : '';
  return {
    ...step,
    state: 'now',
    word: pull ? `${pull.number} of ${pull.of}: ${titleOf(pull.service)}${size}` : '',
    detail: waiting ? sentence(waiting) : layerText(pull),
  };
}

function switchSteps(upgrade: Upgrade, titleOf: TitleOf): Step[] {
  const held = heldService(upgrade);
  return upgrade.services.map(({ service, state, gap_ms }) => {
    const step = { key: service, title: `Switch ${titleOf(service)}`, detail: '' };
    if (state === 'switched')
      return {
        ...step,
        state: 'done',
        word: gap_ms === null ? 'switched' : `was away for ${awayText(gap_ms)}`,
      };
    if (state === 'switching')
      return { ...step, state: 'now', word: gap_ms === null ? 'away' : 'back, proving its work' };
    if (service === held)
      return { ...step, state: 'now', word: 'waits', detail: sentence(upgrade.waiting) };
    return { ...step, state: 'todo', word: '' };
  });
}

function keepSteps({ state, gate, release, waiting }: Upgrade): Step[] {
  const passed = state === 'committed';
  const now = state === 'gating';
  const isOfCheck = gate?.checks.some((check) => check.detail === waiting);
  return [
    {
      key: 'gate',
      title: gate ? `Watch it for ${duration(gate.seconds)}` : 'Watch it',
      state: passed ? 'done' : now ? 'now' : 'todo',
      word: passed ? 'did well' : now && gate ? `${duration(gate.remaining_s)} to go` : '',
      detail: now && waiting && !isOfCheck ? sentence(waiting) : '',
    },
    {
      key: 'keep',
      title: `Keep ${release?.name}`,
      state: passed ? 'done' : 'todo',
      word: passed ? 'runs' : '',
      detail: '',
    },
  ];
}

function backSteps(upgrade: Upgrade, titleOf: TitleOf): Step[] {
  const { reason, release, from, state } = upgrade;
  const over = state === 'rolled_back';
  return [
    {
      key: 'why',
      title: isGivenUp(reason) ? `${release?.name} was given up` : `${release?.name} was not kept`,
      state: 'failed',
      word: '',
      detail: sentence(reason),
    },
    ...upgrade.services.map(
      (s): Step => ({
        key: s.service,
        title: `${titleOf(s.service)} as before`,
        state: s.state === 'back' ? 'done' : 'now',
        word: s.state === 'back' ? 'back' : 'going back',
        detail: '',
      }),
    ),
    {
      key: 'back',
      title: `${from?.name} runs`,
      state: over ? 'done' : 'todo',
      word: over ? 'runs' : '',
      detail: '',
    },
  ];
}

export function stepsOf(upgrade: Upgrade, titleOf: TitleOf): Step[] {
  if (upgrade.state === 'rolling_back' || upgrade.state === 'rolled_back')
    return backSteps(upgrade, titleOf);
  return [fetchStep(upgrade, titleOf), ...switchSteps(upgrade, titleOf), ...keepSteps(upgrade)];
}

type CheckName = Plan['gate']['checks'][number];
type Check = NonNullable<Upgrade['gate']>['checks'][number];

const CHECK: Record<CheckName, string> = {
  health: 'Each changed service does its work',
  restarts: 'None of them ends by itself',
  memory: 'Each stays below its memory limit',
  errors: 'No more goes wrong than before',
  canary: 'What is published comes through',
};

export function checkTitle(name: CheckName): string {
  return CHECK[name] ?? name;
}

const CHECK_STATE: Record<Check['state'], Mark> = {
  waiting: { tone: 'warn', word: 'not yet' },
  passing: { tone: 'ok', word: 'yes' },
  failed: { tone: 'bad', word: 'no' },
};

export function checkMark({ state }: Check): Mark {
  return CHECK_STATE[state];
}

// --- What is over

export function pastMark({ outcome, kind, reason }: PastUpgrade): Mark {
  if (outcome === 'committed')
    return { tone: 'ok', word: kind === 'rollback' ? 'went back' : 'kept' };
  return isGivenUp(reason)
    ? { tone: 'off', word: 'given up' }
    : { tone: 'warn', word: 'rolled back' };
}

export function gapsText({ gaps }: PastUpgrade, titleOf: TitleOf): string {
  if (gaps.length === 0) return '';
  return `Away: ${gaps.map((g) => `${titleOf(g.service)} ${awayText(g.gap_ms)}`).join(', ')}.`;
}

/** The incident that an upgrade left when it was not kept; null where none is kept. */
export function incidentOf(past: PastUpgrade, failures: readonly Incident[]): Incident | null {
  if (past.outcome !== 'rolled_back') return null;
  const during = (time: string) =>
    Date.parse(time) >= Date.parse(past.started) && Date.parse(time) <= Date.parse(past.finished);
  return (
    failures.find(
      ({ found, at, last }) =>
        found.startsWith(`release ${past.release.name}: `) && (during(at) || during(last)),
    ) ?? null
  );
}

// --- Plans

export interface Figure {
  value: string;
  text: string;
}

function restartsFigure({ services }: Plan): Figure {
  const restarts = services.filter((s) => s.restarts).length;
  if (restarts === 0) return { value: 'none', text: 'of the services restarts' };
  return {
    value: count(restarts),
    text: restarts === 1 ? 'service restarts' : 'services restart, one by one',
  };
}

function awayFigure({ services }: Plan): Figure | null {
  const gaps = services.filter((s) => s.restarts).map((s) => s.last_gap_ms);
  if (gaps.length === 0) return null;
  const known = gaps.filter((gap) => gap !== null);
  if (known.length === 0) return { value: '–', text: 'away: not measured yet' };
  return {
    value: awayText(Math.max(...known)),
    text: gaps.length === 1 ? 'away, the last time' : 'away at most, the last time',
  };
}

function fetchFigure({ fetch }: Plan): Figure {
  if (fetch.images === 0) return { value: 'nothing', text: 'to fetch, all is here' };
  const images = fetch.images === 1 ? '1 image' : `${fetch.images} images`;
  if (fetch.bytes === null) return { value: images, text: 'to fetch, size not stated' };
  const layers = fetch.layers === null ? images : `${images}, ${fetch.layers} layers`;
  return { value: bytes(fetch.bytes), text: `to fetch: ${layers}` };
}

function backlogFigure({ backlog }: Plan): Figure {
  if (backlog.held_meanwhile !== null)
    return { value: countShort(backlog.held_meanwhile), text: 'records wait meanwhile' };
  return { value: countShort(backlog.held), text: 'records held now' };
}

/** The plan at a glance. */
export function planFigures(plan: Plan): Figure[] {
  return [restartsFigure(plan), awayFigure(plan), fetchFigure(plan), backlogFigure(plan)].filter(
    (figure) => figure !== null,
  );
}

type PlanService = Plan['services'][number];

export function changeText(service: PlanService): string {
  const { image, from_tag, to_tag, limits, settings } = service;
  const parts = [
    image && (from_tag === to_tag ? `another image of ${to_tag}` : `${from_tag} → ${to_tag}`),
    limits,
    settings && 'other ports, mounts or command',
  ];
  return parts.filter(Boolean).join(' · ');
}

export function howText(service: PlanService): string {
  const { restarts, last_gap_ms, image, present, fetch_bytes } = service;
  if (!restarts) return 'while it runs';
  const away = last_gap_ms === null ? 'not measured yet' : `${awayText(last_gap_ms)} the last time`;
  const fetched =
    fetch_bytes === null ? 'image to be fetched' : `${bytes(fetch_bytes)} to be fetched`;
  return `away: ${away}${image ? ` · ${present ? 'image is here' : fetched}` : ''}`;
}

/** Whether to go back could lose something, as far as is known. */
export function mayLose(back: Plan | null): boolean {
  return back === null || back.schema_changes.length > 0;
}

/** "Broker, Buffer and Forwarder" */
export function namesText(names: readonly ServiceName[], titleOf: TitleOf): string {
  const titles = names.map(titleOf);
  const last = titles.pop();
  if (last === undefined) return '';
  return titles.length === 0 ? last : `${titles.join(', ')} and ${last}`;
}
