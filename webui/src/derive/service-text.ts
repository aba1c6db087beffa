// SPDX-License-Identifier: Apache-2.0
// What the services are for and what it means to stop one, in words.
import type { Action, PathName, Service, ServiceName } from '../api/types';

const PURPOSE: Record<PathName, string> = {
  broker: 'Takes messages from devices (MQTT) and hands them on.',
  processor: 'Turns messages into records and gives them to the buffer.',
  buffer: 'Holds records on disk until the cloud has acknowledged them.',
  forwarder: 'Delivers records to the cloud, in order, until they are acknowledged.',
};

const WHILE_AWAY: Record<PathName, string> = {
  broker: 'Devices cannot publish meanwhile. What they do not keep themselves is lost.',
  processor: 'Messages wait in the broker meanwhile. Nothing is lost while its queue has room.',
  buffer:
    'Messages wait in the broker meanwhile. Nothing is lost while its queue has room; what is on disk stays.',
  forwarder: 'Nothing is delivered meanwhile. The buffer holds all records.',
};

function isBuiltIn(name: ServiceName): name is PathName {
  return Object.hasOwn(PURPOSE, name);
}

export function purpose(name: ServiceName): string {
  return isBuiltIn(name) ? PURPOSE[name] : 'One of your own services, as the release has it.';
}

function whileAway(name: ServiceName): string {
  return isBuiltIn(name) ? WHILE_AWAY[name] : 'What it does is not done meanwhile.';
}

const VERB: Record<Action, string> = { restart: 'Restart', stop: 'Stop', start: 'Start' };

export function actionTitle(action: Action, title: string): string {
  return `${VERB[action]} ${title}`;
}

export function consequence(action: Action, name: ServiceName): string[] {
  if (action === 'restart') return ['It is away for a few seconds.', whileAway(name)];
  if (action === 'stop')
    return [
      'It stays stopped until somebody starts it, also after a restart of the box.',
      whileAway(name),
    ];
  return [];
}

export const PROGRESS: Record<
  Action,
  { working: string; settling: string; done: string; failed: string }
> = {
  restart: {
    working: 'Restarting',
    settling: 'Restarted, not yet back at its work',
    done: 'Restarted and healthy',
    failed: 'The restart did not succeed',
  },
  stop: {
    working: 'Stopping',
    settling: 'Stopping',
    done: 'Stopped',
    failed: 'It could not be stopped',
  },
  start: {
    working: 'Starting',
    settling: 'Started, not yet at its work',
    done: 'Started and healthy',
    failed: 'It could not be started',
  },
};

interface NumberText {
  title: string;
  kind: 'count' | 'bytes' | 'time' | 'ms' | 'status';
}

const NUMBERS: Record<string, NumberText> = {
  clients: { title: 'Clients connected', kind: 'count' },
  log_dropped: { title: 'Log lines dropped', kind: 'count' },
  queue_dropped: { title: 'Messages dropped by a full queue', kind: 'count' },
  in: { title: 'Messages taken', kind: 'count' },
  out: { title: 'Records given to the buffer', kind: 'count' },
  refused: { title: 'Messages refused', kind: 'count' },
  skipped_retained: { title: 'Retained messages skipped', kind: 'count' },
  waiting: { title: 'Waiting for acknowledgement', kind: 'count' },
  accepted: { title: 'Records accepted', kind: 'count' },
  delivered: { title: 'Records delivered', kind: 'count' },
  dropped: { title: 'Records dropped', kind: 'count' },
  held: { title: 'Records held', kind: 'count' },
  oldest_ms: { title: 'Oldest record of', kind: 'time' },
  disk_bytes: { title: 'On disk', kind: 'bytes' },
  disk_limit: { title: 'On disk at most', kind: 'bytes' },
  last_commit_ms: { title: 'Last commit', kind: 'time' },
  window_ms: { title: 'Durability window', kind: 'ms' },
  batches: { title: 'Batches delivered', kind: 'count' },
  failures: { title: 'Failed tries', kind: 'count' },
  attempt: { title: 'Failed tries in a row', kind: 'count' },
  last_status: { title: 'Last answer of the cloud', kind: 'status' },
  last_success_ms: { title: 'Last delivered', kind: 'time' },
  next_try_ms: { title: 'Next try', kind: 'time' },
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
  const name = 'Capabilities';
  if (allGone && cap_add.length === 0) return { name, text: 'none', weak: false };
  if (allGone) return { name, text: cap_add.join(', '), weak: true };
  return {
    name,
    text: cap_drop.length ? `all but ${cap_drop.join(', ')}` : 'the usual ones',
    weak: true,
  };
}

export function hardeningRows({ hardening }: Service): HardeningRow[] {
  const { user, read_only, no_new_privileges, devices } = hardening;
  const rows: HardeningRow[] = [
    { name: 'User', text: user || 'root', weak: user === '' || ROOT_USER.test(user) },
    {
      name: 'Root file system',
      text: read_only ? 'read-only' : 'writable',
      weak: !read_only,
    },
    capabilities(hardening),
    {
      name: 'New privileges',
      text: no_new_privileges ? 'never' : 'by setuid programs',
      weak: !no_new_privileges,
    },
  ];
  if (devices.length > 0)
    rows.push({ name: 'Devices of the host', text: devices.join(', '), weak: true });
  return rows;
}
