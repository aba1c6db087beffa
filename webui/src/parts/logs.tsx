// SPDX-License-Identifier: Apache-2.0
import { Component, type JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { api, errorText } from '../api/client';
import { asText, lineTone, type NumberedLine, pieces, withoutTime } from '../derive/log';
import { count, timeOfDay } from '../format/format';
import { type LogStream, type Logs, useLogs } from '../state/logs';
import { Card, Status } from './basics';

const SHOWN_MAX = 500;
const DOWNLOAD_LINES = 1000;
/** So near to its end, a list counts as followed. */
const NEAR_PX = 24;

interface LineProps {
  line: NumberedLine;
  search: string;
}

class Line extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    return next.line !== this.props.line || next.search !== this.props.search;
  }

  override render({ line, search }: LineProps): JSX.Element {
    const tone = lineTone(line.text);
    return (
      <div class={`log-line ${tone ? `tone-${tone}` : ''}`} data-testid="log-line">
        <time title={line.time ?? undefined}>{line.time ? timeOfDay(line.time) : ''}</time>
        <span>
          {pieces(withoutTime(line.text), search).map((part, i) =>
            i % 2 ? <mark key={part + i}>{part}</mark> : part,
          )}
        </span>
      </div>
    );
  }
}

const STREAM: Record<LogStream, { tone: 'ok' | 'warn' | 'off'; word: string }> = {
  connecting: { tone: 'off', word: 'connecting' },
  live: { tone: 'ok', word: 'live' },
  ended: { tone: 'off', word: 'container has ended' },
  lost: { tone: 'warn', word: 'interrupted, trying again' },
};

async function download(service: string): Promise<void> {
  const { lines } = await api.logs(service, DOWNLOAD_LINES);
  const url = URL.createObjectURL(new Blob([asText(lines)], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${service}-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.log`;
  link.click();
  URL.revokeObjectURL(url);
}

function emptyText(logs: Logs, search: string): string {
  if (search) return `No line here has “${search}”.`;
  if (logs.stream === 'connecting') return '';
  return logs.stream === 'ended'
    ? 'There is no container, so there are no lines.'
    : 'It has written nothing yet.';
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
  const [search, setSearch] = useState('');
  const [problem, setProblem] = useState('');
  const view = useRef<HTMLElement>(null);
  const lines = frozen ?? logs.lines;
  const found = useMemo(() => {
    const wanted = search.toLowerCase();
    return wanted ? lines.filter((l) => withoutTime(l.text).toLowerCase().includes(wanted)) : lines;
  }, [lines, search]);
  const shown = found.slice(-SHOWN_MAX);
  const missed = frozen ? (logs.lines.at(-1)?.id ?? 0) - (frozen.at(-1)?.id ?? 0) : 0;

  useEffect(() => setFrozen(null), [service]);
  useLayoutEffect(() => {
    const list = view.current;
    if (list && !frozen) list.scrollTop = list.scrollHeight;
  });

  const onScroll = () => {
    const list = view.current;
    if (!list || frozen) return;
    const below = list.scrollHeight - list.scrollTop - list.clientHeight;
    if (below > NEAR_PX) setFrozen(logs.lines);
  };
  const save = () => {
    setProblem('');
    download(service).catch((error) => setProblem(errorText(error)));
  };
  const { tone, word } = frozen ? { tone: 'warn' as const, word: 'paused' } : STREAM[logs.stream];

  return (
    <Card title="Log" class="log-card" aside={<Status tone={tone}>{word}</Status>}>
      <div class="log-tools">
        <input
          type="search"
          aria-label="Search the log"
          placeholder="Search"
          value={search}
          onInput={(e) => setSearch(e.currentTarget.value)}
        />
        <button
          type="button"
          class="button"
          aria-pressed={frozen !== null}
          onClick={() => setFrozen(frozen ? null : logs.lines)}
        >
          {frozen ? (missed > 0 ? `Follow (${count(missed)} new)` : 'Follow') : 'Pause'}
        </button>
        <button type="button" class="button" onClick={save}>
          Download
        </button>
      </div>
      {problem && (
        <p class="error-text" role="alert">
          {problem}
        </p>
      )}
      <section
        class="log"
        ref={view}
        onScroll={onScroll}
        aria-label="Log lines"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        tabIndex={0}
      >
        {shown.length === 0 && <p class="quiet">{emptyText(logs, search)}</p>}
        {found.length > shown.length && (
          <p class="quiet">
            The newest {count(SHOWN_MAX)} of {count(found.length)} lines.
          </p>
        )}
        {shown.map((line) => (
          <Line line={line} search={search} key={line.id} />
        ))}
      </section>
    </Card>
  );
}
