// SPDX-License-Identifier: Apache-2.0
// What the overview leads to, and what it says that no single reading does.
import type { Buffer, Gateway, KnownRelease, Session, State } from '../api/types';
import { duration, rate } from '../format/format';
import { actionText, overviewText } from '../text';
import { serviceMark } from './tone';

export interface Action {
  href: string;
  text: string;
}

const isLoss = (eyebrow: string) =>
  eyebrow === 'Messages are being lost' || eyebrow === 'Records were given up';

/** Where the first line leads: the one thing to do; null where there is none. */
export function actionOf(state: State, { role }: Session): Action | null {
  const { sentence, uplink, services, buffer } = state;
  const ill = services.find((one) => serviceMark(one).tone !== 'ok');
  if (sentence.level === 'ok') return null;
  if (ill) return { href: `/services/${ill.name}`, text: actionText.service(ill.title) };
  if (isLoss(sentence.eyebrow)) return { href: '/data', text: actionText.losses };
  if (uplink.state === 'unset')
    return role === 'admin' ? { href: '/setup', text: actionText.setUplink } : null;
  if (uplink.state === 'away' || uplink.state === 'refused')
    return { href: '/data', text: actionText.uplink };
  if (buffer.quarantined > 0) return { href: '/data/quarantine', text: actionText.quarantine };
  return null;
}

/** What has just come in is not a backlog. */
const BACKLOG_S = 10;

export function outlook(buffer: Buffer, age: number): { value: string; text: string } {
  const { about, untilDelivered, untilFull, delivered } = overviewText;
  if (buffer.drain_s !== null && age > BACKLOG_S)
    return { value: about(duration(buffer.drain_s)), text: untilDelivered };
  if (buffer.full_s !== null && age > BACKLOG_S)
    return { value: about(duration(buffer.full_s)), text: untilFull };
  return { value: rate(buffer.out_per_s), text: delivered };
}

/** A line that a person can type beside the gateway. */
export function firstMessage({ field, host }: Gateway): string {
  return `mosquitto_pub -h ${field.address || host.hostname} -p ${field.port} -t sensors/7/temp -m '{"t":21.5}' -q 1`;
}

/** The newest that can be applied; null where the one that runs is newer than all. */
export function nextRelease(releases: readonly KnownRelease[]): KnownRelease | null {
  const newest = releases.find(({ state }) => state === 'available' || state === 'running');
  return newest?.state === 'available' ? newest : null;
}
