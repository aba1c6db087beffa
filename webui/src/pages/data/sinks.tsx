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
import { actionText } from '../../text/overview';

const EVERY_MS = 5000;

const CIRCUIT: Record<Sink['circuit'], string> = {
  closed: 'closed, data flows',
  open: 'open, waits',
  'half-open': 'half-open, one batch tries',
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
        {sink.url} {sink.type === 'mqtt' && <span class="quiet">MQTT</span>}
      </p>
      <Facts>
        {books && (
          <Fact name="Held for it">
            <span title={count(books.held)}>{countShort(books.held)}</span>
          </Fact>
        )}
        <Fact name="Delivered">
          <span title={`${count(sink.delivered)} since the forwarder started`}>
            {countShort(sink.delivered)}, {bytes(sink.bytes_out)}
          </span>
        </Fact>
        <Fact name="Last delivered">{ageText(secondsBetween(sink.last_success, at))}</Fact>
        <Fact name="Circuit">{CIRCUIT[sink.circuit] ?? sink.circuit}</Fact>
        <Fact name="Answers within">{sink.latency_ms ? `${count(sink.latency_ms)} ms` : '–'}</Fact>
        {away !== null && <Fact name="Away for">{duration(away)}</Fact>}
        {sink.attempt > 0 && <Fact name="Failed tries in a row">{count(sink.attempt)}</Fact>}
        {sink.attempt > 0 && wait !== null && (
          <Fact name="Next try">{wait >= 1 ? `in ${duration(wait)}` : 'now'}</Fact>
        )}
        {sink.refused > 0 && (
          <Fact name="Refused for good">
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
          {trial.kind === 'running' ? 'Trying…' : 'Test'}
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
        <Card title="Sinks">
          <p class="quiet">
            There is no place to send to yet: records are held.{' '}
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
