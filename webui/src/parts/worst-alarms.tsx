// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { errorText } from '../api/client';
import type { State } from '../api/types';
import { alarmMark, inOrder, kindTitle, spell, subjectOf } from '../derive/alarm';
import { count } from '../format/format';
import { useAlarms } from '../state/alarms';
import { shell } from '../text';
import { Card, Status } from './basics';

const text = shell.worstAlarms;

const SHOWN = 3;
const READ = 50;

/** The few that matter most; nothing where there is none. */
export function WorstAlarms({ state }: { state: State }): JSX.Element | null {
  const { alarms: counts, at, services } = state;
  const asked = useAlarms('active', counts, READ);
  if (!counts?.active) return null;
  const worst = inOrder(asked.value?.items ?? []).slice(0, SHOWN);
  const hidden = counts.active - worst.length;
  return (
    <Card
      title={text.alarms}
      class="worst-card"
      aside={
        <a class="aside" href="/alarms">
          {hidden > 0 && worst.length > 0 ? text.more(count(hidden)) : text.allAlarms}
        </a>
      }
    >
      <ul class="worst" data-testid="worst-alarms">
        {worst.map((alarm) => (
          <li key={alarm.id}>
            <a href="/alarms">{kindTitle(alarm.kind)}</a>
            <Status tone={alarmMark(alarm).tone}>{alarmMark(alarm).word}</Status>
            <span class="quiet">
              {subjectOf(alarm, services).title}, {spell(alarm, at)}
              {alarm.acknowledged && text.acknowledged}
            </span>
          </li>
        ))}
        {worst.length === 0 &&
          (asked.error === null ? (
            Array.from({ length: Math.min(counts.active, SHOWN) }, (_, i) => (
              <li class="coming" aria-hidden="true" key={`coming-${i}`} />
            ))
          ) : (
            <li class="quiet">{text.theyDidNotCome(errorText(asked.error))}</li>
          ))}
      </ul>
    </Card>
  );
}
