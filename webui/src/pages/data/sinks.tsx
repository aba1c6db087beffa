// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorText } from '../../api/client';
import { sinks } from '../../api/sinks';
import type { BufferDetail, Session, Sink, SinkTest } from '../../api/types';
import { ageText, sinkMark } from '../../derive/data';
import { bytes, count, countShort, duration, secondsBetween } from '../../format/format';
import { Loading, mayOperate, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Status } from '../../parts/basics';
import { Trial } from '../../parts/trial';
import { useAsked } from '../../state/asked';
import { actionText, data as dataText } from '../../text';

const text = dataText.sinks;

const EVERY_MS = 5000;

const CIRCUIT: Record<Sink['circuit'], string> = {
  closed: text.closedDataFlows,
  open: text.openWaits,
  'half-open': text.halfOpenOneBatchTries,
};

type Tried =
  | { kind: 'none' }
  | { kind: 'running' }
  | { kind: 'failed'; error: unknown }
  | { kind: 'done'; test: SinkTest };

function SinkCard({
  sink,
  books,
  at,
  session,
}: {
  sink: Sink;
  books: BufferDetail['sinks'][number] | undefined;
  at: string;
  session: Session;
}): JSX.Element {
  const [trial, setTrial] = useState<Tried>({ kind: 'none' });
  const mark = sinkMark(sink);
  const away = secondsBetween(sink.away_since, at);
  const wait = sink.next_try ? secondsBetween(at, sink.next_try) : null;
  const test = async () => {
    setTrial({ kind: 'running' });
    try {
      setTrial({ kind: 'done', test: await sinks.test(sink.sink) });
    } catch (error) {
      setTrial({ kind: 'failed', error });
    }
  };
  return (
    <Card title={sink.sink} class="sink" aside={<Status tone={mark.tone}>{mark.word}</Status>}>
      <p class="breaks">
        {sink.url} {sink.type === 'mqtt' && <span class="quiet">{text.mqtt}</span>}
      </p>
      <Facts>
        {books && (
          <Fact name={text.heldForIt}>
            <span title={count(books.held)}>{countShort(books.held)}</span>
          </Fact>
        )}
        <Fact name={text.delivered}>
          <span title={text.sinceTheForwarderStarted(count(sink.delivered))}>
            {countShort(sink.delivered)}, {bytes(sink.bytes_out)}
          </span>
        </Fact>
        <Fact name={text.lastDelivered}>{ageText(secondsBetween(sink.last_success, at))}</Fact>
        <Fact name={text.circuit}>{CIRCUIT[sink.circuit] ?? sink.circuit}</Fact>
        <Fact name={text.answersWithin}>
          {sink.latency_ms ? text.ms2(count(sink.latency_ms)) : '–'}
        </Fact>
        {away !== null && <Fact name={text.awayFor}>{duration(away)}</Fact>}
        {sink.attempt > 0 && <Fact name={text.failedTriesInARow}>{count(sink.attempt)}</Fact>}
        {sink.attempt > 0 && wait !== null && (
          <Fact name={text.nextTry}>{wait >= 1 ? text.in(duration(wait)) : text.now}</Fact>
        )}
        {sink.refused > 0 && (
          <Fact name={text.refusedForGood}>
            <a href="/data/quarantine">{count(sink.refused)}</a>
          </Fact>
        )}
      </Facts>
      {sink.last_error && sink.attempt > 0 && (
        <p class="last-words breaks">
          {sink.last_status ? `${sink.last_status}: ` : ''}
          {sink.last_error}
        </p>
      )}
      <div class="sink-test" role="status">
        {trial.kind === 'failed' && <p class="error-text">{errorText(trial.error)}</p>}
        {trial.kind === 'running' && <Trial test={null} />}
        {trial.kind === 'done' && <Trial test={trial.test} />}
      </div>
      {mayOperate(session) && (
        <button
          type="button"
          class="button small"
          onClick={() => void test()}
          disabled={trial.kind === 'running'}
        >
          {trial.kind === 'running' ? text.trying : text.test}
          <span class="unseen"> {sink.sink}</span>
        </button>
      )}
    </Card>
  );
}

export function Sinks({
  at,
  session,
  detail,
}: {
  at: string;
  session: Session;
  detail: BufferDetail | null;
}): JSX.Element {
  const asked = useAsked(sinks.list, EVERY_MS);
  return (
    <>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {asked.value?.sinks.length === 0 && (
        <Card title={text.sinks}>
          <p class="quiet">
            {text.thereIsNoPlaceToSend}{' '}
            {session.role === 'admin' && <a href="/setup">{actionText.setUplink}</a>}
          </p>
        </Card>
      )}
      {asked.value?.sinks.map((sink) => (
        <SinkCard
          key={sink.sink}
          sink={sink}
          books={detail?.sinks.find((b) => b.sink === sink.sink)}
          at={at}
          session={session}
        />
      ))}
    </>
  );
}
