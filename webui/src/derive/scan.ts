// SPDX-License-Identifier: Apache-2.0
// Known vulnerabilities in words.
import type { Finding, Scan } from '../api/types';
import { date, duration } from '../format/format';
import { releases } from '../text';
import type { Mark } from './tone';

const text = releases.scanWords;

const VERDICT: Record<Finding['verdict'], Mark> = {
  none: { tone: 'ok', word: text.none },
  accept: { tone: 'off', word: text.accepted },
  warn: { tone: 'warn', word: text.warns },
  block: { tone: 'bad', word: text.blocks },
};

export function findingMark({ verdict }: Finding): Mark {
  return VERDICT[verdict];
}

const NAMED = 3;

/** "CVE-2026-11, CVE-2026-12 and 4 more" */
function whichText({ vulnerabilities, omitted }: Finding): string {
  const named = vulnerabilities.slice(0, NAMED).map((v) => v.id);
  const more = vulnerabilities.length - named.length + omitted;
  if (named.length === 0) return '';
  return more === 0 ? named.join(', ') : text.andMore(named.join(', '), more);
}

/** By its own id, or else by that of a vulnerability in it. */
function acceptanceText(finding: Finding): string {
  const found = [finding, ...finding.vulnerabilities].map((v) => v.acceptance).find((a) => a);
  if (!found) return '';
  const until = found.expired ? 'ended' : 'until';
  return `${found.expired ? 'acceptance' : 'accepted'} ${until} ${date(found.expires)}: ${found.reason}`;
}

export function findingText(finding: Finding): string {
  const { severity, installed, fixed } = finding;
  const rated = severity === 'unknown' ? text.notRated : severity;
  return [`${installed} → ${fixed}`, rated, whichText(finding), acceptanceText(finding)]
    .filter(Boolean)
    .join(' · ');
}

/** Of what it was compared with. */
export function dataText({ data, problem, clock_synced }: Scan): string {
  if (!data) return problem ? text.notCompared(problem) : text.notCompared2;
  const age = clock_synced ? text.old(duration(data.age_s)) : '';
  return text.comparedWithOf(data.suite, date(data.created), age);
}

export type ScannedService = Scan['services'][number];

/** Those of which there is something to say. */
export function withNews({ data, services }: Scan): ScannedService[] {
  return services.filter(
    ({ result, problem }) => (result?.findings.length ?? 0) > 0 || (data !== null && problem),
  );
}
