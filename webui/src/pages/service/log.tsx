// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { incidents } from '../../api/incidents';
import { LEVELS, type Level, linesLike, type NumberedLine } from '../../derive/log';
import { count } from '../../format/format';
import { Loading, Trouble } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import { useAsked } from '../../state/asked';
import { type LogStream, type Logs, useLogs } from '../../state/logs';
import { service as serviceText } from '../../text';
import { Line, LogBox } from './log-lines';

const text = serviceText.log;

const SHOWN_MAX = 500;
const PREVIOUS_LINES = 1000;
/** So near to its end, a list counts as followed. */
const NEAR_PX = 24;

const STREAM: Record<LogStream, { tone: 'ok' | 'warn' | 'off'; word: string }> = {
  connecting: { tone: 'off', word: text.connecting },
  live: { tone: 'ok', word: text.live },
  ended: { tone: 'off', word: text.containerHasEnded },
  lost: { tone: 'warn', word: text.interruptedTryingAgain },
};

interface Wanted {
  search: string;
  level: Level;
}

function emptyText({ stream }: Logs, { search, level }: Wanted): string {
  if (search) return text.noLineHereHas(search);
  if (level !== 'all') return text.noLineHereIsThatBad;
  if (stream === 'connecting') return '';
  return stream === 'ended' ? text.thereIsNoContainerSoThere : text.itHasWrittenNothingYet;
}

function Shown({ found, search }: { found: readonly NumberedLine[]; search: string }): JSX.Element {
  const shown = found.slice(-SHOWN_MAX);
  return (
    <>
      {found.length > shown.length && (
        <p class="quiet">{text.theNewestOfLines(count(SHOWN_MAX), count(found.length))}</p>
      )}
      {shown.map((line) => (
        <Line line={line} search={search} key={line.id} />
      ))}
    </>
  );
}

interface LiveProps {
  logs: Logs;
  frozen: readonly NumberedLine[] | null;
  wanted: Wanted;
  onFreeze: () => void;
}

function Live({ logs, frozen, wanted, onFreeze }: LiveProps): JSX.Element {
  const view = useRef<HTMLElement>(null);
  const lines = frozen ?? logs.lines;
  const { search, level } = wanted;
  const found = useMemo(() => linesLike(lines, search, level), [lines, search, level]);
  useLayoutEffect(() => {
    const list = view.current;
    if (list && !frozen) list.scrollTop = list.scrollHeight;
  });
  const onScroll = () => {
    const list = view.current;
    if (!list || frozen) return;
    if (list.scrollHeight - list.scrollTop - list.clientHeight > NEAR_PX) onFreeze();
  };
  return (
    <LogBox view={view} onScroll={onScroll}>
      {found.length === 0 && <p class="quiet">{emptyText(logs, wanted)}</p>}
      <Shown found={found} search={search} />
    </LogBox>
  );
}

/** What the containers before the present one wrote: it does not change any more. */
function Previous({ service, wanted }: { service: string; wanted: Wanted }): JSX.Element {
  const asked = useAsked(() => incidents.previousLog(service, PREVIOUS_LINES), null, service);
  const view = useRef<HTMLElement>(null);
  const { search, level } = wanted;
  useLayoutEffect(() => {
    if (view.current) view.current.scrollTop = view.current.scrollHeight;
  }, [asked.value]);
  const found = useMemo(() => {
    const lines = (asked.value?.lines ?? []).map((line, id) => ({ ...line, id }));
    return linesLike(lines, search, level);
  }, [asked.value, search, level]);
  if (!asked.value)
    return (
      <>
        <Trouble asked={asked} />
        <Loading asked={asked} />
      </>
    );
  const none = asked.value.lines.length === 0;
  return (
    <LogBox view={view}>
      {found.length === 0 && (
        <p class="quiet">{none ? text.nothingIsKeptOfAnEarlier : text.noLineHereIsLikeThat}</p>
      )}
      <Shown found={found} search={search} />
    </LogBox>
  );
}

export function LogCard({
  service,
  container,
}: {
  service: string;
  container: string | null;
}): JSX.Element {
  const logs = useLogs(service, container);
  const [frozen, setFrozen] = useState<readonly NumberedLine[] | null>(null);
  const [previous, setPrevious] = useState(false);
  const [wanted, setWanted] = useState<Wanted>({ search: '', level: 'all' });
  const missed = frozen ? (logs.lines.at(-1)?.id ?? 0) - (frozen.at(-1)?.id ?? 0) : 0;
  useEffect(() => setFrozen(null), [service]);
  const { tone, word } = previous
    ? { tone: 'off' as const, word: text.earlier }
    : frozen
      ? { tone: 'warn' as const, word: text.paused }
      : STREAM[logs.stream];
  return (
    <Card title={text.log} class="log-card" aside={<Status tone={tone}>{word}</Status>}>
      <div class="log-tools">
        <fieldset class="choice">
          <legend class="unseen">{text.whichLines}</legend>
          {[false, true].map((earlier) => (
            <button
              type="button"
              class="chip"
              key={String(earlier)}
              aria-pressed={previous === earlier}
              onClick={() => setPrevious(earlier)}
            >
              {earlier ? text.earlierContainers : text.thisContainer}
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          aria-label={text.searchTheLog}
          placeholder={text.search}
          value={wanted.search}
          onInput={(e) => setWanted({ ...wanted, search: e.currentTarget.value })}
        />
        <select
          aria-label={text.level}
          value={wanted.level}
          onChange={(e) => setWanted({ ...wanted, level: e.currentTarget.value as Level })}
        >
          {Object.entries(LEVELS).map(([level, title]) => (
            <option value={level} key={level}>
              {title}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button"
          aria-pressed={frozen !== null}
          disabled={previous}
          onClick={() => setFrozen(frozen ? null : logs.lines)}
        >
          {frozen ? (missed > 0 ? text.followNew(count(missed)) : text.follow) : text.pause}
        </button>
        <a
          class="button"
          href={incidents.logDownloadUrl(service)}
          download={`${service}.log`}
          title={text.allThatIsKeptAlsoOf}
        >
          {text.download}
        </a>
      </div>
      {previous ? (
        <Previous service={service} wanted={wanted} />
      ) : (
        <Live logs={logs} frozen={frozen} wanted={wanted} onFreeze={() => setFrozen(logs.lines)} />
      )}
    </Card>
  );
}
