// SPDX-License-Identifier: Apache-2.0
// What the services are for and what it means to stop one, in words.
import type { Action, PathName, Service, ServiceName } from '../api/types';
import { parts } from '../text';

const said = parts.serviceTextWords;

const PURPOSE: Record<PathName, string> = {
  broker: said.takesMessagesFromDevicesMqtt,
  processor: said.turnsMessagesIntoRecordsAnd,
  buffer: said.holdsRecordsOnDiskUntilThe,
  forwarder: said.deliversRecordsToTheCloudIn,
};

const WHILE_AWAY: Record<PathName, string> = {
  broker: said.devicesCannotPublishMeanwhile,
  processor: said.messagesWaitInTheBroker,
  buffer: said.messagesWaitInTheBroker2,
  forwarder: said.nothingIsDeliveredMeanwhileThe,
};

function isBuiltIn(name: ServiceName): name is PathName {
  return Object.hasOwn(PURPOSE, name);
}

export function purpose(name: ServiceName): string {
  return isBuiltIn(name) ? PURPOSE[name] : said.oneOfYourOwnServicesAs;
}

function whileAway(name: ServiceName): string {
  return isBuiltIn(name) ? WHILE_AWAY[name] : said.whatItDoesIsNotDone;
}

const VERB: Record<Action, string> = { restart: said.restart, stop: said.stop, start: said.start };

export function actionTitle(action: Action, title: string): string {
  return `${VERB[action]} ${title}`;
}

export function consequence(action: Action, name: ServiceName): string[] {
  if (action === 'restart') return [said.itIsAwayForAFew, whileAway(name)];
  if (action === 'stop') return [said.itStaysStoppedUntilSomebody, whileAway(name)];
  return [];
}

export const PROGRESS: Record<
  Action,
  { working: string; settling: string; done: string; failed: string }
> = {
  restart: {
    working: said.restarting,
    settling: said.restartedNotYetBackAtIts,
    done: said.restartedAndHealthy,
    failed: said.theRestartDidNotSucceed,
  },
  stop: {
    working: said.stopping,
    settling: said.stopping,
    done: said.stopped,
    failed: said.itCouldNotBeStopped,
  },
  start: {
    working: said.starting,
    settling: said.startedNotYetAtItsWork,
    done: said.startedAndHealthy,
    failed: said.itCouldNotBeStarted,
  },
};

interface NumberText {
  title: string;
  kind: 'count' | 'bytes' | 'time' | 'ms' | 'status';
}

const NUMBERS: Record<string, NumberText> = {
  clients: { title: said.clientsConnected, kind: 'count' },
  log_dropped: { title: said.logLinesDropped, kind: 'count' },
  queue_dropped: { title: said.messagesDroppedByAFullQueue, kind: 'count' },
  in: { title: said.messagesTaken, kind: 'count' },
  out: { title: said.recordsGivenToTheBuffer, kind: 'count' },
  refused: { title: said.messagesRefused, kind: 'count' },
  skipped_retained: { title: said.retainedMessagesSkipped, kind: 'count' },
  waiting: { title: said.waitingForAcknowledgement, kind: 'count' },
  accepted: { title: said.recordsAccepted, kind: 'count' },
  delivered: { title: said.recordsDelivered, kind: 'count' },
  dropped: { title: said.recordsDropped, kind: 'count' },
  held: { title: said.recordsHeld, kind: 'count' },
  oldest_ms: { title: said.oldestRecordOf, kind: 'time' },
  disk_bytes: { title: said.onDisk, kind: 'bytes' },
  disk_limit: { title: said.onDiskAtMost, kind: 'bytes' },
  last_commit_ms: { title: said.lastCommit, kind: 'time' },
  window_ms: { title: said.durabilityWindow, kind: 'ms' },
  batches: { title: said.batchesDelivered, kind: 'count' },
  failures: { title: said.failedTries, kind: 'count' },
  attempt: { title: said.failedTriesInARow, kind: 'count' },
  last_status: { title: said.lastAnswerOfTheCloud, kind: 'status' },
  last_success_ms: { title: said.lastDelivered, kind: 'time' },
  next_try_ms: { title: said.nextTry, kind: 'time' },
};

const FLAGS = new Set(['open', 'subscribed']);

/** events_seen → "Events seen" */
function inWords(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** How to show a number that a service counts; null for one that is no number for people. */
export function numberText(name: string): NumberText | null {
  if (FLAGS.has(name)) return null;
  return NUMBERS[name] ?? { title: inWords(name), kind: 'count' };
}

export interface HardeningRow {
  name: string;
  text: string;
  /** Less strict than it could be. */
  weak: boolean;
}

const ROOT_USER = /^(0|root)(:|$)/;

function capabilities({ cap_drop, cap_add }: Service['hardening']): HardeningRow {
  const allGone = cap_drop.includes('ALL');
  const name = said.capabilities;
  if (allGone && cap_add.length === 0) return { name, text: said.none, weak: false };
  if (allGone) return { name, text: cap_add.join(', '), weak: true };
  return {
    name,
    text: cap_drop.length ? said.allBut(cap_drop.join(', ')) : said.theUsualOnes,
    weak: true,
  };
}

export function hardeningRows({ hardening }: Service): HardeningRow[] {
  const { user, read_only, no_new_privileges, devices } = hardening;
  const rows: HardeningRow[] = [
    { name: said.user, text: user || said.root, weak: user === '' || ROOT_USER.test(user) },
    {
      name: said.rootFileSystem,
      text: read_only ? said.readOnly : said.writable,
      weak: !read_only,
    },
    capabilities(hardening),
    {
      name: said.newPrivileges,
      text: no_new_privileges ? said.never : said.bySetuidPrograms,
      weak: !no_new_privileges,
    },
  ];
  if (devices.length > 0)
    rows.push({ name: said.devicesOfTheHost, text: devices.join(', '), weak: true });
  return rows;
}
