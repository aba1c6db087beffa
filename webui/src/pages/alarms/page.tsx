// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/alarms.css';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { alarms } from '../../api/alarms';
import { query } from '../../api/query';
import type { Alarm } from '../../api/types';
import {
  type AlarmFilter,
  alarmMark,
  alarmsAnswer,
  alarmsCsv,
  inOrder,
  KINDS,
  kindTitle,
  matches,
  spell,
  subjectOf,
} from '../../derive/alarm';
import { count, timeNear } from '../../format/format';
import { Headline, Loading, mayOperate, Outcome, Trouble } from '../../parts/asked';
import { Status } from '../../parts/basics';
import { dayOf, saveFile } from '../../parts/save';
import { Select } from '../../parts/select';
import { useAlarms, wholeAlarms } from '../../state/alarms';
import { alarms as alarmsText } from '../../text';
import type { PageProps } from '../props';

const words = alarmsText.page;

const PAGE_SIZE = 100;

interface ItemProps {
  alarm: Alarm;
  props: PageProps;
  busy: boolean;
  onAcknowledge: (alarm: Alarm) => void;
}

function Subject({ alarm, props }: { alarm: Alarm; props: PageProps }): JSX.Element {
  const { title, href } = subjectOf(alarm, props.state.services);
  return href ? (
    <a class="breaks" href={href}>
      {title}
    </a>
  ) : (
    <span class="breaks">{title}</span>
  );
}

function History({ alarm, at }: { alarm: Alarm; at: string }): JSX.Element {
  const { raised, last, count: times, acknowledged, cleared } = alarm;
  return (
    <p class="alarm-times">
      <span title={raised}>{words.since(timeNear(raised, at))}</span>
      {times > 1 && <span title={last}>{words.last(timeNear(last, at))}</span>}
      {cleared && <span title={cleared}>{words.overSince(timeNear(cleared, at))}</span>}
      {acknowledged && (
        <span title={acknowledged.at}>
          {words.acknowledgedBy(acknowledged.by, timeNear(acknowledged.at, at))}
        </span>
      )}
    </p>
  );
}

function Item({ alarm, props, busy, onAcknowledge }: ItemProps): JSX.Element {
  const { at } = props.state;
  const mark = alarmMark(alarm);
  const waits = !alarm.acknowledged && !alarm.cleared;
  return (
    <li
      class={`card alarm tone-${mark.tone} ${waits ? 'waits' : ''}`}
      data-testid="alarm"
      data-kind={alarm.kind}
      data-acknowledged={alarm.acknowledged !== null}
    >
      <div class="alarm-head">
        <Status tone={mark.tone}>{mark.word}</Status>
        <span class="aside">{spell(alarm, at)}</span>
      </div>
      <h2>
        {kindTitle(alarm.kind)} <Subject alarm={alarm} props={props} />
      </h2>
      <p class="breaks">{alarm.cause}</p>
      {!alarm.cleared && alarm.advice && <p class="advice breaks">{alarm.advice}</p>}
      <div class="alarm-foot">
        <History alarm={alarm} at={at} />
        {waits && mayOperate(props.session) && (
          <button
            type="button"
            class="button small"
            disabled={busy}
            onClick={() => onAcknowledge(alarm)}
          >
            {words.acknowledge}
            <span class="unseen">
              {' '}
              {kindTitle(alarm.kind)} {alarm.subject}
            </span>
          </button>
        )}
      </div>
    </li>
  );
}

function Choice<T extends string>({
  name,
  options,
  value,
  onChoose,
}: {
  name: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChoose: (value: T) => void;
}): JSX.Element {
  return (
    <fieldset class="choice">
      <legend class="unseen">{name}</legend>
      {options.map(([one, title]) => (
        <button
          type="button"
          class="chip"
          key={one}
          aria-pressed={one === value}
          onClick={() => onChoose(one)}
        >
          {title}
        </button>
      ))}
    </fieldset>
  );
}

type Which = 'active' | 'all';

const WHICH = [
  ['active', words.active],
  ['all', words.all],
] as const;
const SEVERITIES = [
  ['bad', words.serious],
  ['warn', words.warning],
] as const;

/** What is chosen is part of the address. */
function useFilter(): [
  Which,
  AlarmFilter,
  (change: Partial<AlarmFilter & { state: Which }>) => void,
] {
  const { path, query: asked, route } = useLocation();
  const which = asked['state'] === 'all' ? 'all' : 'active';
  const filter = {
    severity: asked['severity'] ?? '',
    kind: asked['kind'] ?? '',
    subject: asked['subject'] ?? '',
  };
  const choose = (change: Partial<AlarmFilter & { state: Which }>) => {
    const { state = which, ...wanted } = { ...filter, ...change };
    route(path + query({ state: state === 'all' ? 'all' : '', ...wanted }), true);
  };
  return [which, filter, choose];
}

/** With how many there are of each; one that is chosen stays to be seen. */
function choices(values: string[], chosen: string, title: (value: string) => string) {
  const by = new Map<string, number>(chosen ? [[chosen, 0]] : []);
  for (const value of values) if (value) by.set(value, (by.get(value) ?? 0) + 1);
  return [...by]
    .map(([value, n]) => [value, `${title(value)} (${count(n)})`] as const)
    .sort((a, b) => a[1].localeCompare(b[1]));
}

function Filters({
  all,
  filter,
  onChoose,
}: {
  all: Alarm[];
  filter: AlarmFilter;
  onChoose: (change: Partial<AlarmFilter>) => void;
}): JSX.Element {
  return (
    <>
      <Select
        label={words.severity}
        options={SEVERITIES}
        value={filter.severity}
        onChoose={(severity) => onChoose({ severity })}
      />
      <Select
        label={words.kind}
        options={KINDS}
        value={filter.kind}
        onChoose={(kind) => onChoose({ kind })}
      />
      <Select
        label={words.subject}
        options={choices(
          all.map((a) => a.subject),
          filter.subject,
          (subject) => subject,
        )}
        value={filter.subject}
        onChoose={(subject) => onChoose({ subject })}
      />
    </>
  );
}

function emptyText(which: Which, filtered: boolean): string {
  if (filtered) return words.noAlarmIsLikeThat;
  return which === 'active' ? words.alarmsComeHereByThemselvesWith : words.thereWasNeverAnAlarm;
}

export function AlarmsPage(props: PageProps): JSX.Element {
  const { state, session } = props;
  const [which, filter, choose] = useFilter();
  const [pages, setPages] = useState(1);
  const asked = useAlarms(which, state.alarms, PAGE_SIZE, pages, filter.kind);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<{ text: string; error: unknown }>({ text: '', error: null });
  const all = asked.value?.items ?? [];
  const shown = inOrder(all.filter((alarm) => matches(alarm, filter)));
  const waiting = shown.filter((alarm) => !alarm.acknowledged && !alarm.cleared);
  const answer = alarmsAnswer(state.alarms);
  const filtered = Object.values(filter).some((one) => one !== '');

  const acknowledge = async (these: Alarm[]) => {
    setBusy(true);
    try {
      for (const alarm of these) await alarms.acknowledge(alarm.id);
      const what =
        these.length === 1 ? words.acknowledged : words.acknowledged2(count(these.length));
      setDone({ text: words.itStaysUntilItsCauseIs(what), error: null });
    } catch (error) {
      setDone({ text: '', error });
    }
    await asked.again();
    setBusy(false);
  };
  const save = async () => {
    setBusy(true);
    try {
      const found = (await wholeAlarms(which, filter.kind)).filter((one) => matches(one, filter));
      saveFile(`${state.gateway.name}-alarms-${dayOf(state.at)}.csv`, 'text/csv', alarmsCsv(found));
      setDone({ text: words.inTheFile(count(found.length)), error: null });
    } catch (error) {
      setDone({ text: '', error });
    }
    setBusy(false);
  };
  return (
    <>
      <Headline
        {...answer}
        detail={state.alarms.active ? words.toAcknowledgeOneTellsTheOthers : ''}
      />
      <div class="filters">
        <Choice
          name={words.whichAlarms}
          options={WHICH}
          value={which}
          onChoose={(one) => choose({ state: one })}
        />
        {(all.length > 1 || filtered) && <Filters all={all} filter={filter} onChoose={choose} />}
        {shown.length > 0 && (
          <button type="button" class="button" disabled={busy} onClick={() => void save()}>
            {filtered ? words.exportThese : words.export}
          </button>
        )}
        {waiting.length > 1 && mayOperate(session) && (
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => void acknowledge(waiting)}
          >
            {words.acknowledge2(count(waiting.length))}
          </button>
        )}
      </div>
      <Outcome {...done} />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {asked.value && shown.length === 0 && (
        <div class="card empty">
          <p>{emptyText(which, filtered)}</p>
        </div>
      )}
      <ul class="alarms">
        {shown.map((alarm) => (
          <Item
            key={alarm.id}
            alarm={alarm}
            props={props}
            busy={busy}
            onAcknowledge={(one) => void acknowledge([one])}
          />
        ))}
      </ul>
      {asked.value?.next && (
        <button type="button" class="button more" onClick={() => setPages(pages + 1)}>
          {words.olderOnes}
        </button>
      )}
    </>
  );
}
