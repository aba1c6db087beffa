// SPDX-License-Identifier: Apache-2.0
// What stands around a plot: the values under the pointer, marks, and its place until it is there.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Mark } from '../derive/marks';
import { highest } from '../derive/series';
import { duration, timeNear } from '../format/format';
import { connection } from '../state/live';
import type { Plot } from './plot';

export interface ChartLine {
  name: string;
  values: (number | null)[];
  /** Name of a custom property of the theme, e.g. "--accent". */
  color: string;
  fill?: string;
  dashed?: boolean;
}

export interface ChartProps {
  label: string;
  times: number[];
  lines: ChartLine[];
  format: (value: number) => string;
  /** Short form for the axis; format where not given. */
  axis?: (value: number) => string;
  height?: number;
  limit?: { value: number; name: string };
  /** How far back, in seconds. */
  span: number;
  /** The scale reaches at least so far, so that noise does not look like an event. */
  atLeast?: number;
  /** Whether only powers of two make sense as steps. */
  steps?: 'bytes';
  marks?: Mark[];
  /** The same marks stand on a chart before: the keyboard does not come by them again. */
  marksAgain?: boolean;
  /** What the last value is of; "now" where not given. */
  newest?: string;
}

/** The plot's own geometry, in pixels: marks are laid over it. */
export const AXIS_WIDTH = 56;
export const PLOT_RIGHT = 4;
export const PLOT_HEIGHT = 128;

function spoken(props: ChartProps): string {
  const parts = props.lines.map((line) => {
    const now = line.values.at(-1);
    const top = highest(line.values);
    if (top === null) return `${line.name}: nothing known yet`;
    const last = now === null || now === undefined ? 'not known' : props.format(now);
    return `${line.name}: ${props.newest ?? 'now'} ${last}, at most ${props.format(top)}`;
  });
  return `${props.label}, last ${duration(props.span)}. ${parts.join('. ')}`;
}

/** A number right of it would leave the plot. */
const LAST = 0.9;

/** Each can be pressed; where several are near to each other they are one. */
function Marks({ marks, again }: { marks: Mark[]; again: boolean }): JSX.Element {
  return (
    <div class="marks" aria-hidden={again}>
      {marks.map((mark) => (
        <a
          key={mark.key}
          href={mark.href}
          class={`mark tone-${mark.tone} ${mark.place > LAST ? 'last' : ''}`}
          style={{ left: `${mark.place * 100}%` }}
          title={mark.text}
          {...(again ? { tabIndex: -1 } : {})}
          data-testid="mark"
        >
          <span class="unseen">{mark.text}</span>
          {mark.count > 1 && <b aria-hidden="true">{mark.count}</b>}
        </a>
      ))}
    </div>
  );
}

/** One or more series, with the values under the pointer (else the newest) above. */
export function Chart(props: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(props);
  const [cursor, setCursor] = useState<number | null>(null);
  latest.current = props;
  const colors = props.lines.map((l) => `${l.name}${l.color}`).join();
  const shape = `${colors} ${props.limit?.value} ${props.span}`;

  useEffect(() => {
    let gone = false;
    const begin = async () => {
      const { newPlot } = await import('./plot');
      if (!gone && box.current)
        plot.current = newPlot(box.current, () => latest.current, setCursor);
    };
    // Without it the legend and its numbers are there all the same.
    begin().catch(() => {});
    return () => {
      gone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => plot.current?.update(), [props.times]);

  const stale = connection.value.kind === 'lost';
  const at = cursor ?? props.times.length - 1;
  const time = props.times[at];
  const now = props.times.at(-1);
  const isoOf = (s: number) => new Date(s * 1000).toISOString();
  return (
    <figure class="chart">
      <figcaption>
        {props.lines.map((line) => {
          const value = line.values[at];
          return (
            <span class="legend" key={line.name}>
              <span
                class={`key ${line.dashed ? 'dashed' : ''} key${line.color}`}
                aria-hidden="true"
              />
              {line.name} <b>{value === null || value === undefined ? '–' : props.format(value)}</b>
            </span>
          );
        })}
        <time>
          {time === undefined || now === undefined
            ? ''
            : cursor === null && !stale
              ? (props.newest ?? 'now')
              : timeNear(isoOf(time), isoOf(now))}
        </time>
      </figcaption>
      <div class="plot-place" style={{ minHeight: `${props.height ?? PLOT_HEIGHT}px` }}>
        <div class="plot" ref={box} role="img" aria-label={spoken(props)} />
        {props.marks && props.marks.length > 0 && (
          <Marks marks={props.marks} again={props.marksAgain === true} />
        )}
        {props.times.length < 2 && <p class="chart-empty">The first readings are on their way.</p>}
      </div>
    </figure>
  );
}
