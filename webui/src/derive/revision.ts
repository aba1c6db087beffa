// SPDX-License-Identifier: Apache-2.0
// Revisions of the configuration in words.
import type { RevisionDiff, RevisionList } from '../api/types';
import { duration } from '../format/format';
import { settings } from '../text';
import { sentence } from './incident';

const words = settings.revisionWords;

type Change = RevisionDiff['changes'][number];

const LONGEST = 120;

/** As JSON, shortened: a whole list of rules can stand there. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

export function changedText({ before, after }: Change): string {
  if (before === '***' && after === '***') return words.anotherSecret;
  return `${valueText(before)} → ${valueText(after)}`;
}

/** Of the revision in force, while it is watched. */
export function trialText({ current, trial }: RevisionList): string {
  if (!trial) return '';
  const back = trial.good === 0 ? words.theDefaults : words.revision(trial.good);
  const rest = words.whereServicesDoNotDoWell(back);
  const now = trial.waiting ? words.now(sentence(trial.waiting)) : '';
  return words.revisionIsWatchedToGo(current, duration(trial.remaining_s), now, rest);
}
