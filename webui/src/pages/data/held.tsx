// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { data } from '../../api/data';
import type { Books, Buffer, BufferDetail, Flash, Session, State } from '../../api/types';
import {
  ageText,
  BACKLOG_S,
  bookParts,
  cardLife,
  dataAnswer,
  dropReason,
  perDay,
} from '../../derive/data';
import { SPAN_S } from '../../derive/series';
import {
  bytes,
  bytesOf,
  count,
  countShort,
  duration,
  percent,
  rate,
  secondsBetween,
  timeNear,
} from '../../format/format';
import { Headline, Table, Trouble } from '../../parts/asked';
import { Bar, Card, Fact, Facts } from '../../parts/basics';
import { Chart } from '../../parts/chart';
import { RangeChoice, useRange } from '../../parts/range';
import { useAsked } from '../../state/asked';
import { useSeries } from '../../state/history';
import { data as dataText } from '../../text';
import { units } from '../../text/units';
import { Sinks } from './sinks';

const words = dataText.held;

const EVERY_MS = 5000;
const SERIES = ['buffer.held', 'buffer.in_per_s', 'buffer.out_per_s'] as const;

/** What comes of it: when all is delivered, else when there is no room, else how fast it goes. */
function outlook(buffer: Buffer, age: number): [value: string, text: string] {
  if (age <= BACKLOG_S) return [rate(buffer.out_per_s), words.delivered];
  if (buffer.drain_s !== null) return [`≈ ${duration(buffer.drain_s)}`, words.untilAllIsDelivered];
  if (buffer.full_s !== null) return [`≈ ${duration(buffer.full_s)}`, words.untilFullAtThisRate];
  return [rate(buffer.out_per_s), words.delivered];
}

function Kpis({ buffer, at }: { buffer: Buffer; at: string }): JSX.Element {
  const age = secondsBetween(buffer.oldest, at);
  const [value, text] = outlook(buffer, age ?? 0);
  return (
    <div class="kpis">
      <div title={count(buffer.held)}>
        <b data-testid="held" data-value={buffer.held}>
          {countShort(buffer.held)}
        </b>
        <span>{words.recordsHeld}</span>
      </div>
      <div title={buffer.oldest ?? undefined}>
        <b>{age === null ? words.none : duration(age)}</b>
        <span>{words.oldestRecord}</span>
      </div>
      <div>
        <b>{value}</b>
        <span>{text}</span>
      </div>
    </div>
  );
}

function Backlog({ state }: { state: State }): JSX.Element {
  const chosen = useRange();
  const { series } = useSeries(chosen, SERIES);
  const { times, values, range } = series;
  const span = SPAN_S[range];
  const waits = state.buffer.held > 0 && ['away', 'refused', 'unset'].includes(state.uplink.state);
  return (
    <Card title={words.backlog} aside={<RangeChoice range={chosen} />}>
      <Kpis buffer={state.buffer} at={state.at} />
      <Chart
        label={words.recordsHeld2}
        times={times}
        span={span}
        lines={[
          {
            name: words.held,
            values: values['buffer.held'] ?? [],
            color: waits ? '--warn' : '--accent',
            fill: waits ? '--warn-bg' : '--accent-bg',
          },
        ]}
        format={count}
        axis={countShort}
        atLeast={10}
        height={168}
      />
      <Chart
        label={words.recordsASecond}
        times={times}
        span={span}
        lines={[
          { name: words.in, values: values['buffer.in_per_s'] ?? [], color: '--accent' },
          {
            name: words.out,
            values: values['buffer.out_per_s'] ?? [],
            color: '--ink-2',
            dashed: true,
          },
        ]}
        format={rate}
        height={112}
      />
    </Card>
  );
}

function BooksCard({ books }: { books: Books }): JSX.Element {
  const { parts, off } = bookParts(books);
  return (
    <Card
      title={words.whereEveryRecordIs}
      aside={
        <span class="aside">
          <b data-testid="book-accepted" data-value={books.accepted}>
            {count(books.accepted)}
          </b>{' '}
          {words.accepted}
        </span>
      }
    >
      <div class="book-bar" aria-hidden="true">
        {parts.map(
          (part) =>
            part.records > 0 && (
              <i key={part.name} class={`book-${part.name}`} style={{ flexGrow: part.share }} />
            ),
        )}
      </div>
      <ul class="book-parts">
        {parts.map((part) => (
          <li key={part.name}>
            <i class={`book-key book-${part.name}`} aria-hidden="true" />
            {part.name}
            <b data-testid={`book-${part.name}`} data-value={part.records}>
              {count(part.records)}
            </b>
          </li>
        ))}
      </ul>
      {off === 0 ? (
        <p class="quiet">{words.theBooksBalanceThePartsAdd}</p>
      ) : (
        <p class="error-text">
          {words.theBooksAreOffByKeep(
            count(Math.abs(off)),
            off > 0 ? words.recordsAreMissing : words.tooMany,
          )}
        </p>
      )}
    </Card>
  );
}

function LanesCard({ detail, at }: { detail: BufferDetail; at: string }): JSX.Element {
  return (
    <Card title={words.lanes} aside={<span class="aside">{words.alarmsLeaveFirst}</span>}>
      <Table
        label={words.lanesAsATable}
        head={
          <>
            <th scope="col">{words.lane}</th>
            <th scope="col" class="number">
              {words.held2}
            </th>
            <th scope="col" class="number">
              {words.onDisk}
            </th>
            <th scope="col" class="number">
              {words.oldest}
            </th>
          </>
        }
      >
        {detail.lanes.map((lane) => (
          <tr key={lane.lane}>
            <th scope="row">{lane.lane}</th>
            <td class="number" title={count(lane.held)}>
              {countShort(lane.held)}
            </td>
            <td class="number">{bytes(lane.bytes)}</td>
            <td class="number" title={lane.oldest ?? undefined}>
              {lane.oldest ? duration(secondsBetween(lane.oldest, at) ?? 0) : '–'}
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

const TOP = 8;

function TopicsCard({ detail }: { detail: BufferDetail }): JSX.Element {
  const [all, setAll] = useState(false);
  const most = detail.topics[0]?.held ?? 0;
  const shown = all ? detail.topics : detail.topics.slice(0, TOP);
  return (
    <Card title={words.heldByTopic}>
      {detail.topics.length === 0 ? (
        <p class="quiet">{words.nothingIsHeld}</p>
      ) : (
        <ul class="topics">
          {shown.map((topic) => (
            <li key={`${topic.lane} ${topic.topic}`}>
              <a
                class="mono long"
                href={`/data/records?topic=${encodeURIComponent(topic.topic)}`}
                title={topic.topic}
              >
                {topic.topic}
              </a>
              <span class="quiet">{topic.lane}</span>
              <b title={count(topic.held)}>{countShort(topic.held)}</b>
              <span class="topic-bar" aria-hidden="true">
                <i style={{ width: `${most ? (topic.held / most) * 100 : 0}%` }} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {detail.topics.length > TOP && (
        <button type="button" class="button small more" onClick={() => setAll(!all)}>
          {all ? words.showFewer : words.showAll(detail.topics.length)}
        </button>
      )}
    </Card>
  );
}

function DroppedCard({ detail }: { detail: BufferDetail }): JSX.Element {
  const { dropped, books } = detail;
  return (
    <Card
      title={words.givenUp}
      aside={<span class="aside">{books.dropped ? count(books.dropped) : words.nothingEver}</span>}
    >
      {dropped.length === 0 ? (
        <p class="quiet">{words.noRecordWasGivenUpWhere}</p>
      ) : (
        <ul class="drops">
          {dropped.map((drop) => (
            <li key={`${drop.reason} ${drop.topic}`}>
              <span class="mono long" title={drop.topic}>
                {drop.topic}
              </span>
              <b>{count(drop.records)}</b>
              <span class="quiet">{dropReason(drop.reason)}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function DiskCard({ buffer, detail }: { buffer: Buffer; detail: BufferDetail }): JSX.Element {
  const { disk } = detail;
  const part = disk.limit_bytes ? disk.bytes / disk.limit_bytes : 0;
  const packed = disk.raw_bytes ? disk.stored_bytes / disk.raw_bytes : null;
  return (
    <Card
      title={words.onDisk}
      aside={<span class="aside">{words.ofTheLimit(percent(part * 100))}</span>}
    >
      <div class="wide-bar" title={words.bytes(count(disk.bytes))}>
        <Bar part={part} label={words.diskTaken} />
      </div>
      <Facts>
        <Fact name={words.taken}>{bytesOf(disk.bytes, disk.limit_bytes)}</Fact>
        <Fact name={words.compressedTo}>{packed === null ? '–' : percent(packed * 100)}</Fact>
        <Fact name={words.freeBesideIt}>{bytes(disk.free_bytes)}</Fact>
        <Fact name={words.staysFree}>{bytes(disk.keep_free_bytes)}</Fact>
        <Fact name={words.durableWithin}>{windowText(buffer.window_ms)}</Fact>
      </Facts>
    </Card>
  );
}

function windowText(ms: number): string {
  return ms < 1000 ? units.milliseconds(count(ms)) : units.seconds(ms / 1000);
}

function FlashCard({ flash, at }: { flash: Flash; at: string }): JSX.Element {
  const life = cardLife(flash);
  const times = flash.write_amplification;
  return (
    <Card
      title={words.flashLife}
      aside={
        flash.since && (
          <span class="aside">
            {words.measuredFor(ageText(secondsBetween(flash.since, at)).replace(' ago', ''))}
          </span>
        )
      }
    >
      <div class="kpis">
        <div data-testid="card-life">
          <b>{life.value}</b>
          <span>{life.text}</span>
        </div>
      </div>
      <Facts>
        <Fact name={words.theBufferWrites}>{perDay(flash.written_bytes_per_day)}</Fact>
        <Fact name={words.everythingOnThisDisk}>{perDay(flash.device_written_bytes_per_day)}</Fact>
        <Fact name={words.writtenForEachByteOfPayload}>
          {times === null ? words.notKnownYet : words.bytes2(times.toFixed(2))}
        </Fact>
        <Fact name={words.commits}>{count(flash.commits)}</Fact>
        <Fact name={words.ratedEndurance}>
          {flash.rated_endurance_bytes === null ? (
            <a href="/data/settings">{words.notSet}</a>
          ) : (
            words.tb(count(flash.rated_endurance_bytes / 1e12))
          )}
        </Fact>
      </Facts>
    </Card>
  );
}

function Ends({
  buffer,
  detail,
  at,
}: {
  buffer: Buffer;
  detail: BufferDetail;
  at: string;
}): JSX.Element {
  const one = (time: string | null) => (time ? timeNear(time, at) : '–');
  // Of the same moment as the newest; the buffer's own account may be some seconds younger.
  const [oldest] = detail.lanes.flatMap((lane) => lane.oldest ?? []).sort();
  return (
    <Card title={words.fromWhenToWhen}>
      <Facts>
        <Fact name={words.oldestRecordHeld}>{one(oldest ?? null)}</Fact>
        <Fact name={words.newestRecord}>{one(detail.newest)}</Fact>
        <Fact name={words.lastMadeDurable}>{one(detail.last_commit)}</Fact>
        <Fact name={words.waitingForTheDisk}>{count(detail.waiting)}</Fact>
        <Fact name={words.epoch}>
          <code>{buffer.epoch || '–'}</code>
        </Fact>
      </Facts>
    </Card>
  );
}

export function Held({ state, session }: { state: State; session: Session }): JSX.Element {
  const asked = useAsked(data.buffer, EVERY_MS);
  const detail = asked.value?.detail ?? null;
  const { buffer } = state;
  return (
    <>
      <Headline {...dataAnswer(state, detail)} />
      <Trouble asked={asked} />
      <div class="columns">
        <div class="stack">
          <Backlog state={state} />
          <BooksCard books={detail?.books ?? buffer} />
          {detail && <LanesCard detail={detail} at={state.at} />}
          {detail && <TopicsCard detail={detail} />}
          {detail && <DroppedCard detail={detail} />}
        </div>
        <div class="stack">
          <Sinks at={state.at} session={session} detail={detail} />
          {detail && <DiskCard buffer={buffer} detail={detail} />}
          {detail && <FlashCard flash={detail.flash} at={state.at} />}
          {detail && <Ends buffer={buffer} detail={detail} at={state.at} />}
          {asked.value && !detail && (
            <Card title={words.buffer}>
              <p class="quiet">
                {words.theBufferDoesNotAnswerNow}{' '}
                <a href="/services/buffer">{words.lookAtTheBuffer}</a>
              </p>
            </Card>
          )}
        </div>
      </div>
    </>
  );
}
