// SPDX-License-Identifier: Apache-2.0
// Known vulnerabilities of what a release would run.
import type { JSX } from 'preact';
import type { Scan } from '../../api/types';
import {
  dataText,
  findingMark,
  findingText,
  type ScannedService,
  withNews,
} from '../../derive/scan';
import type { TitleOf } from '../../derive/upgrade';
import { Card, Status } from '../../parts/basics';
import { releases } from '../../text';

const text = releases.scan;

function Scanned({ one, titleOf }: { one: ScannedService; titleOf: TitleOf }): JSX.Element {
  const findings = one.result?.findings ?? [];
  return (
    <li data-testid="scanned" data-service={one.service}>
      <strong>{titleOf(one.service)}</strong>
      {one.problem && <p class="quiet breaks">{text.notKnown(one.problem)}</p>}
      <ul class="checks">
        {findings.map((finding) => {
          const mark = findingMark(finding);
          return (
            <li key={finding.id} data-verdict={finding.verdict}>
              <span>
                {finding.source}
                <span class="quiet breaks">{findingText(finding)}</span>
              </span>
              <Status tone={mark.tone}>{mark.word}</Status>
            </li>
          );
        })}
      </ul>
    </li>
  );
}

export function ScanCard({ scan, titleOf }: { scan: Scan; titleOf: TitleOf }): JSX.Element {
  const news = withNews(scan);
  return (
    <Card title={text.knownVulnerabilities} class="scan-card">
      {scan.data && news.length === 0 && <p>{text.noneIsKnown}</p>}
      {news.length > 0 && (
        <ul class="scanned">
          {news.map((one) => (
            <Scanned key={one.service} one={one} titleOf={titleOf} />
          ))}
        </ul>
      )}
      <p class="quiet breaks">{dataText(scan)}</p>
    </Card>
  );
}
