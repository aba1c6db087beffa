// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api/client';
import type { LogLine } from '../api/types';
import { type NumberedLine, newOnes } from '../derive/log';
import { retryDelay } from './retry';

const TAIL = 200;
const KEEP = 2000;
const SHOW_EVERY_MS = 150;

export type LogStream = 'connecting' | 'live' | 'ended' | 'lost';

export interface Logs {
  lines: readonly NumberedLine[];
  stream: LogStream;
}

const NOTHING: Logs = { lines: [], stream: 'connecting' };

/** Follows a service's log over restarts of its container. container: a new id reconnects at once. */
export function useLogs(service: string, container: string | null): Logs {
  const [logs, setLogs] = useState(NOTHING);
  const kept = useRef<{ service: string; lines: NumberedLine[]; lastId: number }>({
    service,
    lines: [],
    lastId: 0,
  });

  useEffect(() => {
    if (kept.current.service !== service) kept.current = { service, lines: [], lastId: 0 };
    const mine = kept.current;
    let source: EventSource | null = null;
    let waiting: LogLine[] = [];
    let attempt = 0;
    let stream: LogStream = 'connecting';
    let showTimer: ReturnType<typeof setTimeout> | undefined;
    let retryTimer: ReturnType<typeof setTimeout> | undefined;

    const keep = () => {
      const numbered = waiting.map((line) => ({ ...line, id: ++mine.lastId }));
      waiting = [];
      mine.lines = [...mine.lines, ...numbered].slice(-KEEP);
    };
    const show = () => {
      showTimer = undefined;
      keep();
      setLogs({ lines: mine.lines, stream });
    };
    const showSoon = () => {
      showTimer ??= setTimeout(show, SHOW_EVERY_MS);
    };
    const again = (why: LogStream) => {
      source?.close();
      stream = why;
      showSoon();
      retryTimer = setTimeout(connect, retryDelay(attempt++, Math.random()));
    };
    const connect = () => {
      keep();
      const isNew = newOnes(mine.lines, TAIL);
      source = new EventSource(api.logStreamUrl(service, TAIL));
      source.addEventListener('open', () => {
        stream = 'live';
        showSoon();
      });
      source.addEventListener('line', (event) => {
        const line = JSON.parse((event as MessageEvent<string>).data) as LogLine;
        if (isNew(line)) waiting.push(line);
        attempt = 0;
        showSoon();
      });
      source.addEventListener('end', () => again('ended'));
      source.addEventListener('error', () => again(stream === 'ended' ? 'ended' : 'lost'));
    };

    setLogs({ lines: mine.lines, stream });
    connect();
    return () => {
      source?.close();
      keep();
      clearTimeout(showTimer);
      clearTimeout(retryTimer);
    };
  }, [service, container]);

  return logs;
}
