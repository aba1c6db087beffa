// SPDX-License-Identifier: Apache-2.0
// Revisions of the configuration in words.
import type { RevisionDiff, RevisionList } from '../api/types';
import { duration } from '../format/format';
import { sentence } from './incident';

type Change = RevisionDiff['changes'][number];

const LONGEST = 120;

/** As JSON, shortened: a whole list of rules can stand there. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

export function changedText({ before, after }: Change): string {
  if (before === '***' && after === '***') return 'another secret';
  return `${valueText(before)} → ${valueText(after)}`;
}

/** Of the revision in force, while it is watched. */
export function trialText({ current, trial }: RevisionList): string {
  if (!trial) return '';
  const back = trial.good === 0 ? 'the defaults' : `revision ${trial.good}`;
  const rest = `Where services do not do well with it, ${back} comes back by itself.`;
  const now = trial.waiting ? ` Now: ${sentence(trial.waiting)}` : '';
  return `Revision ${current} is watched, ${duration(trial.remaining_s)} to go.${now} ${rest}`;
}
