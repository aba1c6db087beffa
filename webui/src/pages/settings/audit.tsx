// SPDX-License-Identifier: Apache-2.0
// Who did what, by day; and as a file. For an admin.
import '../../style/forms.css';
import '../../style/settings.css';
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { query } from '../../api/query';
import type { AuditEntry, State } from '../../api/types';
import {
  type AuditFilter,
  auditCsv,
  auditQuery,
  auditResults,
  byDay,
  changeLines,
  resultText,
  whoText,
} from '../../derive/audit';
import { count, timeOfDay } from '../../format/format';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Title } from '../../parts/basics';
import { dayOf, saveFile } from '../../parts/save';
import { Search } from '../../parts/search';
import { Select } from '../../parts/select';
import { useAudit, wholeAudit } from '../../state/audit';
import { useDeed } from '../../state/deed';
import { settings } from '../../text';
import type { PageProps } from '../props';

const words = settings.audit;

/** What is chosen is part of the address. */
function useFilter(): [AuditFilter, (change: Partial<AuditFilter>) => void] {
  const { path, query: asked, route } = useLocation();
  const filter = {
    who: asked['who'] ?? '',
    text: asked['text'] ?? '',
    result: asked['result'] ?? '',
    from: asked['from'] ?? '',
    to: asked['to'] ?? '',
  };
  return [filter, (change) => route(path + query({ ...filter, ...change }), true)];
}

/** Whoever was seen since the page is here: what is filtered shows only some. */
function useWhos(entries: readonly AuditEntry[], chosen: string): [string, string][] {
  const names = useRef(new Set<string>());
  for (const { who } of entries) names.current.add(who);
  if (chosen) names.current.add(chosen);
  return [...names.current].sort().map((name) => [name, whoText(name)]);
}

function Days({ entries }: { entries: readonly AuditEntry[] }): JSX.Element {
  return (
    <>
      {byDay(entries).map((day) => (
        <section class="card day" key={`${day.title} ${day.entries[0]?.id}`} aria-label={day.title}>
          <h2>{day.title}</h2>
          <ul>
            {day.entries.map((entry) => {
              const { id, at, who, from, what } = entry;
              const result = resultText(entry);
              return (
                <li key={id} data-testid="audit" data-who={who}>
                  <time title={at ?? undefined}>{at === null ? '–' : timeOfDay(at)}</time>
                  <b class="breaks">{whoText(who)}</b>
                  <span class="breaks">
                    {from === null || what.includes(from) ? what : words.from(what, from)}
                    {result && <small class="not-done">{result}</small>}
                    {changeLines(entry).map((line) => (
                      <small key={line}>{line}</small>
                    ))}
                  </span>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </>
  );
}

function Log({ state }: { state: State }): JSX.Element {
  const [filter, choose] = useFilter();
  const wanted = auditQuery(filter);
  const { newest, entries, more, older } = useAudit(wanted);
  const whos = useWhos(entries, filter.who);
  const deed = useDeed();
  const filtered = Object.values(filter).some((one) => one !== '');
  const save = () =>
    deed.run(async () => {
      const all = await wholeAudit(wanted);
      saveFile(`${state.gateway.name}-audit-${dayOf(state.at)}.csv`, 'text/csv', auditCsv(all));
      return all.length === 1
        ? words.oneEntryIsInTheFile
        : words.entriesAreInTheFile(count(all.length));
    });
  const goBack = () =>
    deed.run(async () => {
      await older();
      return '';
    });
  return (
    <>
      <Headline
        tone="off"
        eyebrow={words.audit}
        title={words.whoDidWhat}
        detail={words.theNewest10000EntriesAre}
      />
      <div class="filters audit-filters">
        <Search
          label={words.searchInWhatWasDone}
          placeholder={words.search}
          value={filter.text}
          onSearch={(text) => choose({ text })}
        />
        <Select
          label={words.everybody}
          options={whos}
          value={filter.who}
          onChoose={(who) => choose({ who })}
        />
        <Select
          label={words.whateverCameOfIt}
          options={auditResults}
          value={filter.result}
          onChoose={(result) => choose({ result })}
        />
        <label class="day-choice">
          {words.from2}
          <input
            type="date"
            value={filter.from}
            max={filter.to}
            onInput={(e) => choose({ from: e.currentTarget.value })}
          />
        </label>
        <label class="day-choice">
          {words.to}
          <input
            type="date"
            value={filter.to}
            min={filter.from}
            onInput={(e) => choose({ to: e.currentTarget.value })}
          />
        </label>
        <button type="button" class="button" disabled={deed.busy} onClick={() => void save()}>
          {filtered ? words.exportThese : words.exportAll}
        </button>
      </div>
      <Outcome text={deed.text} error={deed.error} />
      <Trouble asked={newest} />
      <Loading asked={newest} />
      {newest.value !== null && entries.length === 0 && (
        <div class="card empty">
          <p>{filtered ? words.noneOfTheEntriesIsLike : words.nothingWasDoneYet}</p>
        </div>
      )}
      <div class="stack" aria-busy={newest.value === null}>
        <Days entries={entries} />
      </div>
      {more && (
        <button
          type="button"
          class="button more"
          disabled={deed.busy}
          onClick={() => void goBack()}
        >
          {words.olderOnes}
        </button>
      )}
    </>
  );
}

export function AuditPage({ session, state }: PageProps): JSX.Element {
  if (mayAdminister(session)) return <Log state={state} />;
  return (
    <header class="headline">
      <Title>{words.onlyAnAdminSeesTheAudit}</Title>
      <p class="sub">
        <a href="/">{words.goToTheOverview}</a>
      </p>
    </header>
  );
}
