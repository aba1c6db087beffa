// SPDX-License-Identifier: Apache-2.0
// The configuration's revisions: what each changed, whether it is watched, and the way back. For an admin.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { configuration } from '../../api/config';
import type { RevisionDiff, RevisionList } from '../../api/types';
import { changedText, trialText } from '../../derive/revision';
import { count, timeNear } from '../../format/format';
import { Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Notice, Status } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { useAsked } from '../../state/asked';
import { settings } from '../../text';

const words = settings.revisions;

const EVERY_MS = 10_000;
const SHOWN = 5;

type Item = RevisionList['revisions'][number];

export function Changes({
  changes,
  omitted,
}: Pick<RevisionDiff, 'changes' | 'omitted'>): JSX.Element {
  return (
    <ul class="changes" data-testid="changes">
      {changes.length === 0 && <li>{words.nothing}</li>}
      {changes.map((change) => (
        <li key={change.path}>
          <code>{change.path}</code>
          <span>{changedText(change)}</span>
        </li>
      ))}
      {omitted > 0 && <li>{words.more(count(omitted))}</li>}
    </ul>
  );
}

/** What a return would change of the present one, before it does. */
function Return({
  to,
  diff,
  onDone,
  onClose,
}: {
  to: number;
  diff: RevisionDiff;
  onDone: (error: unknown) => void;
  onClose: () => void;
}): JSX.Element {
  const restore = async () => {
    try {
      await configuration.restore(to, `"${diff.from}"`);
      onDone(null);
    } catch (error) {
      onDone(error);
    }
  };
  return (
    <Confirm
      title={words.returnToRevision(to)}
      confirm={words.returnToIt}
      onClose={onClose}
      onConfirm={() => void restore()}
    >
      <p>{words.itBecomesANewRevisionWith}</p>
      <Changes {...diff} />
    </Confirm>
  );
}

function Revision({
  item,
  before,
  current,
  at,
  onDone,
}: {
  item: Item;
  /** Null where it is not kept. */
  before: number | null;
  current: number;
  at: string;
  onDone: (error: unknown) => void;
}): JSX.Element {
  const { revision, created, author } = item;
  const [shown, setShown] = useState<RevisionDiff | null>(null);
  const [asked, setAsked] = useState<RevisionDiff | null>(null);
  const ask = (n: number, from: number, take: (diff: RevisionDiff) => void) =>
    configuration.diff(n, from).then(take, onDone);
  return (
    <li data-testid="revision" data-revision={revision}>
      <div class="entry-what">
        <p class="entry-head">
          <b>{words.revision(revision)}</b>
          {revision === current && <Status tone="ok">{words.inForce}</Status>}
        </p>
        <p class="quiet breaks">{words.by(timeNear(created, at), author)}</p>
      </div>
      <p class="entry-deeds">
        {before !== null && (
          <button
            type="button"
            class="button small"
            aria-expanded={shown !== null}
            onClick={() => (shown ? setShown(null) : void ask(revision, before, setShown))}
          >
            {words.whatItChanged}
            <span class="unseen">{words.revision2(revision)}</span>
          </button>
        )}
        {revision !== current && (
          <button
            type="button"
            class="button small"
            onClick={() => void ask(revision, current, setAsked)}
          >
            {words.returnToIt}
            <span class="unseen">{words.revision2(revision)}</span>
          </button>
        )}
      </p>
      {shown && <Changes {...shown} />}
      {asked && (
        <Return to={revision} diff={asked} onDone={onDone} onClose={() => setAsked(null)} />
      )}
    </li>
  );
}

/** Any two; 0 stands for the defaults. */
function Compare({ list }: { list: RevisionList }): JSX.Element {
  const numbers = list.revisions.map(({ revision }) => revision);
  const [from, setFrom] = useState(0);
  const [chosen, setTo] = useState<number | null>(null);
  const to = chosen ?? list.current;
  const [diff, setDiff] = useState<RevisionDiff | null>(null);
  const [error, setError] = useState<unknown>(null);
  const compare = (event: Event) => {
    event.preventDefault();
    setError(null);
    configuration.diff(to, from).then(setDiff, setError);
  };
  const choose = (set: (n: number) => void) => (e: { currentTarget: HTMLSelectElement }) => {
    set(Number(e.currentTarget.value));
    setDiff(null);
  };
  return (
    <form class="compare" onSubmit={compare} aria-label={words.compareTwoRevisions}>
      <h3>{words.compare}</h3>
      <div class="inputs">
        <label class="grow">
          {words.from}
          <select value={from} onChange={choose(setFrom)}>
            <option value={0}>{words.theDefaults}</option>
            {numbers.map((n) => (
              <option value={n} key={n}>
                {words.revision3(n)}
              </option>
            ))}
          </select>
        </label>
        <label class="grow">
          {words.to}
          <select value={to} onChange={choose(setTo)}>
            {numbers.map((n) => (
              <option value={n} key={n}>
                {words.revision3(n)}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="button">
          {words.compare}
        </button>
      </div>
      <Outcome text="" error={error} />
      {diff && <Changes {...diff} />}
    </form>
  );
}

/** sign: read anew where it is another one. */
export function RevisionsCard({ at, sign }: { at: string; sign: string }): JSX.Element {
  const asked = useAsked(configuration.revisions, EVERY_MS);
  useEffect(() => {
    if (asked.value) void asked.again();
  }, [sign]);
  const [all, setAll] = useState(false);
  const [done, setDone] = useState<{ text: string; error: unknown }>({ text: '', error: null });
  const list = asked.value;
  const revisions = list?.revisions ?? [];
  const hidden = revisions.length - SHOWN;
  const ended = (error: unknown) => {
    setDone(error === null ? { text: words.itIsInForceAgain, error } : { text: '', error });
    void asked.again();
  };
  return (
    <Card title={words.revisions} aside={<span class="aside">{words.newestFirst}</span>}>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome {...done} />
      {list?.trial && (
        <div data-testid="trial">
          <Notice tone={list.trial.waiting ? 'warn' : 'move'} title={trialText(list)} />
        </div>
      )}
      {list && revisions.length === 0 && <p class="quiet">{words.theDefaultsNothingWasChanged}</p>}
      <ul class="entries">
        {(all ? revisions : revisions.slice(0, SHOWN)).map((item, i) => (
          <Revision
            key={item.revision}
            item={item}
            before={revisions[i + 1]?.revision ?? (item.revision === 1 ? 0 : null)}
            current={list?.current ?? 0}
            at={at}
            onDone={ended}
          />
        ))}
      </ul>
      {hidden > 0 && !all && (
        <button type="button" class="button small more" onClick={() => setAll(true)}>
          {words.more2(count(hidden))}
        </button>
      )}
      {list && revisions.length > 1 && <Compare list={list} />}
    </Card>
  );
}
