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
import { releases as releasesText } from '../text';
import { sentence } from './incident';
import type { Mark, Tone } from './tone';
import { heldService, isGivenUp, isUnderWay, stageText, type TitleOf } from './upgrade';

const words = releasesText.releaseWords;

const NB = '\u00a0';
const MS_A_SECOND = 1000;

/** How long a service was away: 840 → "840 ms", 1240 → "1.2 s" */
export function awayText(ms: number): string {
  if (ms < MS_A_SECOND) return `${ms}${NB}ms`;
  if (ms < 10 * MS_A_SECOND) return `${(ms / MS_A_SECOND).toFixed(1)}${NB}s`;
  return duration(ms / MS_A_SECOND);
}

const KNOWN: Record<KnownRelease['state'], Mark> = {
  running: { tone: 'ok', word: words.runs },
  previous: { tone: 'off', word: words.ranBefore },
  available: { tone: 'off', word: words.canBeApplied },
  failed: { tone: 'warn', word: words.wasRolledBack },
};

/** What is on its way is so, whatever became of it before. */
export function knownMark(release: KnownRelease, upgrade: Upgrade): Mark {
  if (isUnderWay(upgrade) && upgrade.release?.id === release.id)
    return { tone: 'move', word: words.beingApplied };
  if (isUnderWay(upgrade) && upgrade.from?.id === release.id)
    return { tone: 'off', word: words.theWayBack };
  return KNOWN[release.state];
}

const ORDER: KnownRelease['state'][] = ['running', 'previous', 'available', 'failed'];

/** What runs, where a rollback leads, then the others, newest first. */
export function inOrder(releases: readonly KnownRelease[]): KnownRelease[] {
  const rank = ({ state }: KnownRelease) => Math.min(ORDER.indexOf(state), 2);
  return [...releases].sort((a, b) => rank(a) - rank(b));
}

const SOURCE: Record<string, string> = {
  upload: words.uploaded,
  registry: words.foundInTheRegistry,
  bundle: words.cameInABundle,
  start: words.cameWithTheStart,
};

export function originText(release: KnownRelease, now: string): string {
  const how = SOURCE[release.source] ?? release.source;
  return `${how} ${timeNear(release.added, now)}, ${release.signed ? words.signed : words.notSignedByAKnownKey}`;
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
    ? words.devicesCannotPublishWhileThe
    : words.whatComesInWaitsMeanwhileAnd;
}

function underWayAnswer(upgrade: Upgrade, titleOf: TitleOf): Answer {
  const { state, waiting, gate } = upgrade;
  const to = upgrade.release?.name ?? '';
  const from = upgrade.from?.name ?? '';
  const eyebrow = upgrade.kind === 'rollback' ? words.rollbackUnderWay : words.upgradeUnderWay;
  const held = heldService(upgrade);
  const untouched = words.runsOnMeanwhileNothingIs(from);
  if (held !== null)
    return {
      tone: 'warn',
      eyebrow: words.upgradeWaits,
      title: words.waitsToSwitch(to, titleOf(held)),
      detail: sentence(waiting),
    };
  if (state === 'rolling_back')
    return {
      tone: 'warn',
      eyebrow: isGivenUp(upgrade.reason) ? words.givenUp : words.notKept,
      title: words.goingBackTo(from),
      detail: sentence(upgrade.reason),
    };
  if (state === 'gating' && waiting) {
    // Nothing can be proved in the first moment.
    const begins = gate !== null && gate.remaining_s === gate.seconds;
    return {
      tone: begins ? 'move' : 'warn',
      eyebrow,
      title: begins ? words.runsAndHasYetToProve(to) : words.runsAndDoesNotDoWell(to),
      detail: words.ifThatIsSeenToLast(sentence(waiting), from),
    };
  }
  if (state === 'gating')
    return {
      tone: 'move',
      eyebrow,
      title: words.runsAndIsBeingWatched(to),
      detail: gate ? words.itIsKeptOnceItHas(duration(gate.seconds), from) : '',
    };
  if (state === 'installing')
    return { tone: 'move', eyebrow, title: words.aNewerHoldfastdComesFirst(to), detail: untouched };
  const now = upgrade.services.find((s) => s.state === 'switching');
  if (state === 'switching' || state === 'verified')
    return {
      tone: 'move',
      eyebrow,
      title: words.to(stageText(upgrade, titleOf), to),
      detail: meanwhileText(now ? [now.service] : []),
    };
  return {
    tone: waiting ? 'warn' : 'move',
    eyebrow,
    title: waiting ? words.cannotBeFetchedYet(to) : words.isBeingFetched(to),
    detail: waiting ? words.itIsTriedAgain(sentence(waiting), untouched) : untouched,
  };
}

/** What came of the last look into the registry; problem: that something is wrong with it. */
export function checkText(
  { host, busy, checked, failed, found, added, refused, detail }: RegistryCheck,
  now: string,
): { text: string; problem: string } {
  if (host === null) return { text: words.noRegistryIsSetToLook, problem: '' };
  if (busy) return { text: words.isBeingAsked(host), problem: '' };
  if (checked === null) return { text: words.hasNotBeenAskedYet(host), problem: '' };
  const asked = words.wasAsked(host, timeNear(checked, now));
  if (failed) return { text: `${asked}.`, problem: sentence(detail) };
  const what =
    found === 0 ? words.noRelease : found === 1 ? words.oneRelease : words.releases(found);
  const fresh = added === 0 ? words.noneNew : added === found ? words.allNew : words.new(added);
  return {
    text: found === 0 ? `${asked}: ${what}.` : `${asked}: ${what}, ${fresh}.`,
    problem:
      refused === 0
        ? ''
        : words.refused(refused === 1 ? words.oneWas : words.were(refused), sentence(detail)),
  };
}

/** The last upgrade, where it was not kept and nothing was applied since. */
export function lastFailure({ history }: ReleaseList): PastUpgrade | null {
  const [last] = history;
  return last && last.outcome === 'rolled_back' && !isGivenUp(last.reason) ? last : null;
}

function sinceText({ history, releases }: ReleaseList, now: string): string {
  const last = history.find((h) => h.outcome === 'committed');
  const since = last ? words.since(timeNear(last.finished, now)) : words.itCameWithTheStartOf;
  const others = releases.filter((r) => r.state === 'available').length;
  if (others === 0) return since;
  return words.canBeApplied2(since, others === 1 ? words.oneMore : words.more(others));
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
      eyebrow: words.noRelease2,
      title: words.nothingRunsYet,
      detail: words.theFirstReleaseComesWithThe,
    };
  const failed = list && lastFailure(list);
  if (failed)
    return {
      tone: 'warn',
      eyebrow: words.rolledBack,
      title: words.wasNotKeptRuns(failed.release.name, running),
      detail: sentence(failed.reason),
    };
  return {
    tone: 'ok',
    eyebrow: words.releases2,
    title: words.runs2(running),
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
    ? words.layer(shortDigest(layer.digest), bytesOf(layer.bytes, layer.total_bytes))
    : '';
}

function fetchStep({ state, pull, waiting }: Upgrade, titleOf: TitleOf): Step {
  const step = { key: 'fetch', title: words.fetchTheImagesAndCheckThem, detail: '' };
  if (state === 'planned') return { ...step, state: 'now', word: '' };
  if (state !== 'pulling') return { ...step, state: 'done', word: words.here };
  const size =
    pull && pull.bytes !== null && pull.total_bytes
      ? `, ${bytesOf(pull.bytes, pull.total_bytes)}`
      : '';
  return {
    ...step,
    state: 'now',
    word: pull ? words.of(pull.number, pull.of, titleOf(pull.service), size) : '',
    detail: waiting ? sentence(waiting) : layerText(pull),
  };
}

/** Only while it lasts: afterwards nothing says that it was. */
function installSteps({ state, waiting }: Upgrade): Step[] {
  if (state !== 'installing') return [];
  return [
    {
      key: 'install',
      title: words.installHoldfastd,
      state: 'now',
      word: '',
      detail: waiting ? sentence(waiting) : '',
    },
  ];
}

function switchSteps(upgrade: Upgrade, titleOf: TitleOf): Step[] {
  const held = heldService(upgrade);
  return upgrade.services.map(({ service, state, gap_ms }) => {
    const step = { key: service, title: words.switch(titleOf(service)), detail: '' };
    if (state === 'switched')
      return {
        ...step,
        state: 'done',
        word: gap_ms === null ? words.switched : words.wasAwayFor(awayText(gap_ms)),
      };
    if (state === 'switching')
      return {
        ...step,
        state: 'now',
        word: gap_ms === null ? words.stillAway : words.backProvingItsWork,
      };
    if (service === held)
      return { ...step, state: 'now', word: words.waits, detail: sentence(upgrade.waiting) };
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
      title: gate ? words.watchItFor(duration(gate.seconds)) : words.watchIt,
      state: passed ? 'done' : now ? 'now' : 'todo',
      word: passed ? words.didWell : now && gate ? words.toGo(duration(gate.remaining_s)) : '',
      detail: now && waiting && !isOfCheck ? sentence(waiting) : '',
    },
    {
      key: 'keep',
      title: words.keep(release?.name ?? ''),
      state: passed ? 'done' : 'todo',
      word: passed ? words.runs : '',
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
      title: isGivenUp(reason)
        ? words.wasGivenUp(release?.name ?? '')
        : words.wasNotKept(release?.name ?? ''),
      state: 'failed',
      word: '',
      detail: sentence(reason),
    },
    ...upgrade.services.map(
      (s): Step => ({
        key: s.service,
        title: words.asBefore(titleOf(s.service)),
        state: s.state === 'back' ? 'done' : 'now',
        word: s.state === 'back' ? words.back : words.goingBack,
        detail: '',
      }),
    ),
    {
      key: 'back',
      title: words.runs3(from?.name ?? ''),
      state: over ? 'done' : 'todo',
      word: over ? words.runs : '',
      detail: '',
    },
  ];
}

export function stepsOf(upgrade: Upgrade, titleOf: TitleOf): Step[] {
  if (upgrade.state === 'rolling_back' || upgrade.state === 'rolled_back')
    return backSteps(upgrade, titleOf);
  return [
    fetchStep(upgrade, titleOf),
    ...installSteps(upgrade),
    ...switchSteps(upgrade, titleOf),
    ...keepSteps(upgrade),
  ];
}

type CheckName = Plan['gate']['checks'][number];
type Check = NonNullable<Upgrade['gate']>['checks'][number];

const CHECK: Record<CheckName, string> = {
  health: words.eachChangedServiceDoesItsWork,
  restarts: words.noneOfThemEndsByItself,
  memory: words.eachStaysBelowItsMemoryLimit,
  errors: words.noMoreGoesWrongThanBefore,
  canary: words.whatIsPublishedComesThrough,
};

export function checkTitle(name: CheckName): string {
  return CHECK[name] ?? name;
}

const CHECK_STATE: Record<Check['state'], Mark> = {
  waiting: { tone: 'warn', word: words.notYet },
  passing: { tone: 'ok', word: words.yes },
  failed: { tone: 'bad', word: words.no },
};

export function checkMark({ state }: Check): Mark {
  return CHECK_STATE[state];
}

// --- What is over

export function pastMark({ outcome, kind, reason }: PastUpgrade): Mark {
  if (outcome === 'committed')
    return { tone: 'ok', word: kind === 'rollback' ? words.wentBack : words.kept };
  return isGivenUp(reason)
    ? { tone: 'off', word: words.givenUp2 }
    : { tone: 'warn', word: words.rolledBack2 };
}

export function gapsText({ gaps }: PastUpgrade, titleOf: TitleOf): string {
  if (gaps.length === 0) return '';
  return words.away(gaps.map((g) => `${titleOf(g.service)} ${awayText(g.gap_ms)}`).join(', '));
}

/** The incident that an upgrade left when it was not kept; null where none is kept. */
export function incidentOf(past: PastUpgrade, failures: readonly Incident[]): Incident | null {
  if (past.outcome !== 'rolled_back') return null;
  const during = (time: string) =>
    Date.parse(time) >= Date.parse(past.started) && Date.parse(time) <= Date.parse(past.finished);
  return (
    failures.find(
      ({ found, at, last }) =>
        found.startsWith(words.release(past.release.name)) && (during(at) || during(last)),
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
  if (restarts === 0) return { value: words.none, text: words.ofTheServicesRestarts };
  return {
    value: count(restarts),
    text: restarts === 1 ? words.serviceRestarts : words.servicesRestartOneByOne,
  };
}

function awayFigure({ services }: Plan): Figure | null {
  const gaps = services.filter((s) => s.restarts).map((s) => s.last_gap_ms);
  if (gaps.length === 0) return null;
  const known = gaps.filter((gap) => gap !== null);
  if (known.length === 0) return { value: '–', text: words.awayNotMeasuredYet };
  return {
    value: awayText(Math.max(...known)),
    text: gaps.length === 1 ? words.awayTheLastTime : words.awayAtMostTheLastTime,
  };
}

function fetchFigure({ fetch }: Plan): Figure {
  if (fetch.images === 0) return { value: words.nothing, text: words.toFetchAllIsHere };
  const images = fetch.images === 1 ? words.oneImage : words.images(fetch.images);
  if (fetch.bytes === null) return { value: images, text: words.toFetchSizeNotStated };
  const layers = fetch.layers === null ? images : words.inLayers(images, fetch.layers);
  return { value: bytes(fetch.bytes), text: words.toFetch(layers) };
}

function backlogFigure({ backlog }: Plan): Figure {
  if (backlog.held_meanwhile !== null)
    return { value: countShort(backlog.held_meanwhile), text: words.recordsWaitMeanwhile };
  return { value: countShort(backlog.held), text: words.recordsHeldNow };
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
    image && (from_tag === to_tag ? words.anotherImageOf(to_tag) : `${from_tag} → ${to_tag}`),
    limits,
    settings && words.otherPortsMountsOrCommand,
  ];
  return parts.filter(Boolean).join(' · ');
}

export function howText(service: PlanService): string {
  const { restarts, last_gap_ms, image, present, fetch_bytes } = service;
  if (!restarts) return words.whileItRuns;
  const away =
    last_gap_ms === null ? words.notMeasuredYet : words.theLastTime(awayText(last_gap_ms));
  const fetched =
    fetch_bytes === null ? words.imageToBeFetched : words.toBeFetched(bytes(fetch_bytes));
  return `away: ${away}${image ? ` · ${present ? words.imageIsHere : fetched}` : ''}`;
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
  return titles.length === 0 ? last : words.and(titles.join(', '), last);
}
