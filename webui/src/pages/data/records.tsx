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
import { data as dataText } from '../../text';
import { DropDialog } from './drop';

const words = dataText.records;

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
          {words.clock(short.kind, record.synced ? words.synchronised : words.notSynchronised)}
          <Copyable
            value={`${record.gateway}/${record.epoch}/${record.seq}`}
            label={words.recordId}
          />
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
    filter.topic || filter.lane ? words.whatTheFilterAboveLetsThrough : words.allThatIsHeld;
  return (
    <Card title={words.export}>
      <p class="quiet">{words.asLinesOfJsonOldestFirst(what)}</p>
      <div class="inputs">
        <label>
          {words.from}
          <input
            type="datetime-local"
            value={from}
            onInput={(e) => setFrom(e.currentTarget.value)}
          />
        </label>
        <label>
          {words.to}
          <input type="datetime-local" value={to} onInput={(e) => setTo(e.currentTarget.value)} />
        </label>
        <a
          class="button"
          href={data.exportUrl(filter, rfc3339(from), rfc3339(to))}
          download="holdfast-records.ndjson"
        >
          {words.export}
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
        eyebrow={words.records}
        title={buffer.held ? words.recordsAreHeld(countShort(buffer.held)) : words.noRecordIsHeld}
        detail={words.whatEverySinkHasAcknowledgedIs}
      />
      <Card
        title={words.look}
        aside={
          <button type="button" class="button small" onClick={() => load(false)}>
            {words.readAgain}
          </button>
        }
      >
        <form class="inputs" onSubmit={search}>
          <label class="grow">
            {words.topic}
            <input
              type="search"
              class="mono"
              value={typed}
              placeholder={words.sensorsTemp}
              maxLength={256}
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
              onInput={(e) => setTyped(e.currentTarget.value)}
            />
          </label>
          <label>
            {words.lane}
            <select
              value={filter.lane}
              onChange={(e) => setFilter({ ...filter, lane: e.currentTarget.value as Lane | '' })}
            >
              <option value="">{words.all}</option>
              <option value="alarm">{words.alarm}</option>
              <option value="normal">{words.normal}</option>
              <option value="bulk">{words.bulk}</option>
            </select>
          </label>
          <label>
            {words.first}
            <select value={order} onChange={(e) => setOrder(e.currentTarget.value as Order)}>
              <option value="newest">{words.theNewest}</option>
              <option value="oldest">{words.theOldest}</option>
            </select>
          </label>
          <button type="submit" class="button primary">
            {words.look}
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
              ? words.nothingInThePartThatWas
              : filtered
                ? words.noRecordThatIsHeldGoes
                : words.nothingIsHeldEverySinkHas}
          </p>
        )}
        <p class="quiet" role="status">
          {listing.busy
            ? words.reading
            : listing.records.length > 0 && words.shown(count(listing.records.length))}
        </p>
        {listing.next !== null && (
          <button
            type="button"
            class="button more"
            disabled={listing.busy}
            onClick={() => load(true)}
          >
            {words.loadMore}
          </button>
        )}
      </Card>
      <div class="halves after">
        <Export filter={filter} />
        {mayAdminister(session) && (
          <Card title={words.giveRecordsUp}>
            <p class="quiet">{words.forGoodAndForEverySink}</p>
            <Outcome {...done} />
            <button
              type="button"
              class="button bad more"
              disabled={buffer.held === 0}
              onClick={() => setDropping(true)}
            >
              {words.giveUp}
            </button>
          </Card>
        )}
      </div>
      {listing.error !== null && listing.records.length > 0 && (
        <Notice tone="warn" title={words.whatIsShownHereIsOlder} />
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
