// SPDX-License-Identifier: Apache-2.0
import { Component, type ComponentChildren, type JSX, type RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LogLine } from '../../api/types';
import { lineTone, pieces, withoutTime } from '../../derive/log';
import { timeOfDay } from '../../format/format';
import { service } from '../../text';

const words = service.logLines;

interface LineProps {
  line: LogLine;
  search: string;
}

/** Of thousands, only the new ones are drawn. */
export class Line extends Component<LineProps> {
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

/** Scrolls in itself. fits: no higher than its lines, for those that do not grow. */
export function LogBox({
  view,
  onScroll,
  fits = false,
  children,
}: {
  view: RefObject<HTMLElement | null>;
  onScroll?: () => void;
  fits?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <section
      class={`log ${fits ? 'fits' : ''}`}
      ref={view}
      {...(onScroll ? { onScroll } : {})}
      aria-label={words.logLines}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
      tabIndex={0}
    >
      {children}
    </section>
  );
}

/** Lines that do not change, oldest first; the last ones are in view. */
export function LogLines({ lines }: { lines: readonly LogLine[] }): JSX.Element {
  const view = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (view.current) view.current.scrollTop = view.current.scrollHeight;
  }, [lines]);
  return (
    <LogBox view={view} fits>
      {lines.map((line, i) => (
        <Line line={line} search="" key={`${i}-${line.time}`} />
      ))}
    </LogBox>
  );
}
