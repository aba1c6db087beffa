// SPDX-License-Identifier: Apache-2.0
// Who did what, by day; and as a file. For an admin.
import '../../style/forms.css';
import '../../style/settings.css';
import type { JSX } from 'preact';
import { useLocation } from 'preact-iso';
import { query } from '../../api/query';
import type { AuditEntry, State } from '../../api/types';
import {
  type AuditFilter,
  auditCsv,
  byDay,
  changeLines,
  matchesEntry,
  whoText,
} from '../../derive/audit';
import { count, timeOfDay } from '../../format/format';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Title } from '../../parts/basics';
import { dayOf, saveFile } from '../../parts/save';
import { Select } from '../../parts/select';
import { useAudit, wholeAudit } from '../../state/audit';
import { useDeed } from '../../state/deed';
import type { PageProps } from '../props';

/** What is chosen is part of the address. */
function useFilter(): [AuditFilter, (change: Partial<AuditFilter>) => void] {
  const { path, query: asked, route } = useLocation();
  const filter = { who: asked['who'] ?? '', text: asked['text'] ?? '' };
  return [filter, (change) => route(path + query({ ...filter, ...change }), true)];
}

function whos(entries: readonly AuditEntry[], chosen: string): [string, string][] {
  const names = new Set(entries.map(({ who }) => who));
  if (chosen) names.add(chosen);
  return [...names].sort().map((name) => [name, whoText(name)]);
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
              return (
                <li key={id} data-testid="audit" data-who={who}>
                  <time title={at ?? undefined}>{at === null ? '–' : timeOfDay(at)}</time>
                  <b class="breaks">{whoText(who)}</b>
                  <span class="breaks">
                    {from === null || what.includes(from) ? what : `${what} · from ${from}`}
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
  const { newest, entries, more, older } = useAudit();
  const deed = useDeed();
  const shown = entries.filter((entry) => matchesEntry(entry, filter));
  const filtered = filter.who !== '' || filter.text !== '';
  const save = () =>
    deed.run(async () => {
      const all = (await wholeAudit()).filter((entry) => matchesEntry(entry, filter));
      saveFile(`${state.gateway.name}-audit-${dayOf(state.at)}.csv`, 'text/csv', auditCsv(all));
      return all.length === 1
        ? 'One entry is in the file.'
        : `${count(all.length)} entries are in the file.`;
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
        eyebrow="Audit"
        title="Who did what."
        detail="The newest 10,000 entries are kept on the gateway. Nobody can change them here."
      />
      <div class="filters audit-filters">
        <input
          type="search"
          aria-label="Search in what was done"
          placeholder="Search"
          value={filter.text}
          onInput={(e) => choose({ text: e.currentTarget.value })}
        />
        <Select
          label="Everybody"
          options={whos(entries, filter.who)}
          value={filter.who}
          onChoose={(who) => choose({ who })}
        />
        <button type="button" class="button" disabled={deed.busy} onClick={() => void save()}>
          {filtered ? 'Export these' : 'Export all'}
        </button>
      </div>
      <Outcome text={deed.text} error={deed.error} />
      <Trouble asked={newest} />
      <Loading asked={newest} />
      {newest.value !== null && shown.length === 0 && (
        <div class="card empty">
          <p>
            {filtered
              ? `None of the newest ${count(entries.length)} entries is like that.`
              : 'Nothing was done yet.'}
          </p>
        </div>
      )}
      <div class="stack">
        <Days entries={shown} />
      </div>
      {more && (
        <button
          type="button"
          class="button more"
          disabled={deed.busy}
          onClick={() => void goBack()}
        >
          {filtered ? 'Look through older ones' : 'Older ones'}
        </button>
      )}
    </>
  );
}

export function AuditPage({ session, state }: PageProps): JSX.Element {
  if (mayAdminister(session)) return <Log state={state} />;
  return (
    <header class="headline">
      <Title>Only an admin sees the audit log.</Title>
      <p class="sub">
        <a href="/">Go to the overview</a>
      </p>
    </header>
  );
}
