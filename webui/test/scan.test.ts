// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Finding, Scan } from '../src/api/types';
import { dataText, findingMark, findingText, withNews } from '../src/derive/scan';

const vulnerability = (id: string): Finding['vulnerabilities'][number] => ({
  id,
  severity: 'high',
  remote: true,
  acceptance: null,
});

function finding(more: Partial<Finding> = {}): Finding {
  return {
    id: 'openssl/3.5.1-2',
    source: 'openssl',
    packages: ['libssl3t64'],
    installed: '3.5.1-1',
    fixed: '3.5.1-2',
    severity: 'high',
    verdict: 'block',
    acceptance: null,
    vulnerabilities: [vulnerability('CVE-2026-11')],
    omitted: 0,
    ...more,
  };
}

function scan(findings: Finding[], more: Partial<Scan> = {}): Scan {
  return {
    data: {
      suite: 'trixie-security',
      distro: 'debian-13',
      created: '2026-11-26T08:00:00.000Z',
      age_s: 3600,
      packages: 1,
      vulnerabilities: 1,
      rated: true,
      digest: '0'.repeat(32),
    },
    problem: null,
    clock_synced: true,
    services: [
      {
        service: 'broker',
        image_id: null,
        problem: null,
        result: { packages: 9, not_covered: 0, verdict: 'none', findings, omitted: 0 },
      },
    ],
    ...more,
  };
}

const accepted = { reason: 'no way in', expires: '2026-12-31T00:00:00Z', expired: false };

describe('known vulnerabilities', () => {
  it('says what would correct it, and what it is', () => {
    expect(findingText(finding())).toBe('3.5.1-1 → 3.5.1-2 · high · CVE-2026-11');
    expect(findingMark(finding()).tone).toBe('bad');
    const many = ['1', '2', '3', '4'].map((n) => vulnerability(`CVE-2026-${n}`));
    expect(findingText(finding({ severity: 'unknown', vulnerabilities: many, omitted: 2 }))).toBe(
      '3.5.1-1 → 3.5.1-2 · not rated · CVE-2026-1, CVE-2026-2, CVE-2026-3 and 3 more',
    );
  });

  it('says until when somebody accepts it, and why', () => {
    const one = { ...vulnerability('CVE-2026-11'), acceptance: accepted };
    expect(findingText(finding({ vulnerabilities: [one] }))).toMatch(
      /accepted until .*2026.*: no way in$/,
    );
    expect(findingText(finding({ acceptance: { ...accepted, expired: true } }))).toMatch(
      /acceptance ended .*: no way in$/,
    );
  });

  it('names what was compared with, and only those with news', () => {
    expect(dataText(scan([]))).toMatch(/^Compared with trixie-security of .*, 1\sh old\.$/);
    const none = scan([], { data: null, problem: 'there is no scan data yet' });
    expect(dataText(none)).toBe('Not compared: there is no scan data yet.');
    expect(withNews(scan([]))).toEqual([]);
    expect(withNews(scan([finding()]))).toHaveLength(1);
  });
});
