// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { data, type RecordFilter } from '../../api/data';
import type { Lane, Session, State, StoredRecord } from '../../api/types';
import { payloadOf } from '../../derive/data';
import { count, countShort, timeNear } from '../../format/format';
import { Headline, mayAdminister, Outcome } from '../../parts/asked';
import { Card, Copyable, Notice } from '../../parts/basics';
import { DropDialog } from './drop';

type Order = 'newest' | 'oldest';

interface Listing {
  records: StoredRecord[];
  next: string | null;
  busy: boolean;
  error: unknown;
}

const NOTHING: Listing = { records: [], next: null, busy: true, error: null };

function useRecords(filter: RecordFilter, order: Order): [Listing, (more: boolean) => void] {
  const [listing, setListing] = useState(NOTHING);
  const turn = useRef(0);
  const load = async (more: boolean) => {
    const mine = ++turn.current;
    const before = more ? listing.records : [];
    setListing((old) => ({ ...old, busy: true, error: null }));
    try {
      const page = await data.records(filter, order, more ? listing.next : null);
      if (mine !== turn.current) return;
      setListing({
        records: [...before, ...page.records],
        next: page.next,
        busy: false,
        error: null,
      });
    } catch (error) {
      if (mine === turn.current) setListing((old) => ({ ...old, busy: false, error }));
    }
  };
  useEffect(() => {
    setListing(NOTHING);
    void load(false);
  }, [filter.topic, filter.lane, order]);
  return [listing, (more) => void load(more)];
}

function RecordLine({ record, at }: { record: StoredRecord; at: string }): JSX.Element {
  const short = payloadOf(record);
  return (
    <li data-testid="record">
      <details>
        <summary>
          <time dateTime={record.time} title={record.time}>
            {timeNear(record.time, at)}
          </time>
          <span class="record-topic mono long" title={record.topic}>
            {record.topic}
          </span>
          {record.lane !== 'normal' && <span class="record-lane">{record.lane}</span>}
          <span class="record-value mono long">{short.text}</span>
        </summary>
        <pre class="payload">{payloadOf(record, true).text}</pre>
        <p class="quiet record-foot">
          {short.kind}, clock {record.synced ? 'synchronised' : 'not synchronised'}
          <Copyable value={`${record.gateway}/${record.epoch}/${record.seq}`} label="record id" />
        </p>
      </details>
    </li>
  );
}

/** A local time of the browser's as the gateway wants it; empty where there is none. */
function rfc3339(local: string): string {
  const time = Date.parse(local);
  return Number.isFinite(time) ? new Date(time).toISOString() : '';
}

function Export({ filter }: { filter: RecordFilter }): JSX.Element {
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const what =
    filter.topic || filter.lane ? 'What the filter above lets through' : 'All that is held';
  return (
    <Card title="Export">
      <p class="quiet">
        {what}, as lines of JSON, oldest first. Nothing is taken out of the buffer by it.
      </p>
      <div class="inputs">
        <label>
          From
          <input
            type="datetime-local"
            value={from}
            onInput={(e) => setFrom(e.currentTarget.value)}
          />
        </label>
        <label>
          To
          <input type="datetime-local" value={to} onInput={(e) => setTo(e.currentTarget.value)} />
        </label>
        <a
          class="button"
          href={data.exportUrl(filter, rfc3339(from), rfc3339(to))}
          download="holdfast-records.ndjson"
        >
          Export
        </a>
      </div>
    </Card>
  );
}

export function Records({ state, session }: { state: State; session: Session }): JSX.Element {
  const { query } = useLocation();
  const [typed, setTyped] = useState(query['topic'] ?? '');
  const [filter, setFilter] = useState<RecordFilter>({ topic: query['topic'] ?? '', lane: '' });
  const [order, setOrder] = useState<Order>('newest');
  const [listing, load] = useRecords(filter, order);
  const [dropping, setDropping] = useState(false);
  const [done, setDone] = useState<{ text: string; error: unknown }>({ text: '', error: null });
  const { buffer, at } = state;
  const filtered = filter.topic !== '' || filter.lane !== '';
  const search = (event: Event) => {
    event.preventDefault();
    setFilter({ ...filter, topic: typed.trim() });
    if (typed.trim() === filter.topic) load(false);
  };
  return (
    <>
      <Headline
        tone="off"
        eyebrow="Records"
        title={buffer.held ? `${countShort(buffer.held)} records are held.` : 'No record is held.'}
        detail="What every sink has acknowledged is no longer here."
      />
      <Card
        title="Look"
        aside={
          <button type="button" class="button small" onClick={() => load(false)}>
            Read again
          </button>
        }
      >
        <form class="inputs" onSubmit={search}>
          <label class="grow">
            Topic
            <input
              type="search"
              class="mono"
              value={typed}
              placeholder="sensors/+/temp"
              maxLength={256}
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
              onInput={(e) => setTyped(e.currentTarget.value)}
            />
          </label>
          <label>
            Lane
            <select
              value={filter.lane}
              onChange={(e) => setFilter({ ...filter, lane: e.currentTarget.value as Lane | '' })}
            >
              <option value="">all</option>
              <option value="alarm">alarm</option>
              <option value="normal">normal</option>
              <option value="bulk">bulk</option>
            </select>
          </label>
          <label>
            First
            <select value={order} onChange={(e) => setOrder(e.currentTarget.value as Order)}>
              <option value="newest">the newest</option>
              <option value="oldest">the oldest</option>
            </select>
          </label>
          <button type="submit" class="button primary">
            Look
          </button>
        </form>
        <Outcome text="" error={listing.error} />
        <ul class="records" aria-busy={listing.busy}>
          {listing.records.map((record) => (
            <RecordLine key={`${record.epoch}/${record.seq}`} record={record} at={at} />
          ))}
        </ul>
        {!listing.busy && listing.records.length === 0 && listing.error === null && (
          <p class="quiet" data-testid="no-records">
            {listing.next
              ? 'Nothing in the part that was looked at; go on to look further.'
              : filtered
                ? 'No record that is held goes through this filter. + stands for one level, # for all that follow.'
                : 'Nothing is held: every sink has all there was.'}
          </p>
        )}
        <p class="quiet" role="status">
          {listing.busy
            ? 'Reading…'
            : listing.records.length > 0 && `${count(listing.records.length)} shown`}
        </p>
        {listing.next !== null && (
          <button
            type="button"
            class="button more"
            disabled={listing.busy}
            onClick={() => load(true)}
          >
            Load more
          </button>
        )}
      </Card>
      <div class="halves after">
        <Export filter={filter} />
        {mayAdminister(session) && (
          <Card title="Give records up">
            <p class="quiet">
              For good, and for every sink. The cloud is told what is missing, and the audit log who
              did it. Export them first where they may be wanted.
            </p>
            <Outcome {...done} />
            <button
              type="button"
              class="button bad more"
              disabled={buffer.held === 0}
              onClick={() => setDropping(true)}
            >
              Give up…
            </button>
          </Card>
        )}
      </div>
      {listing.error !== null && listing.records.length > 0 && (
        <Notice tone="warn" title="What is shown here is older." />
      )}
      {dropping && (
        <DropDialog
          held={buffer.held}
          onClose={() => setDropping(false)}
          onDone={(result) => {
            setDone(result);
            load(false);
          }}
        />
      )}
    </>
  );
}
