// SPDX-License-Identifier: Apache-2.0
// What stands around a chart, however it is drawn: the values under the pointer, and its place.
import type { ComponentChildren, JSX } from 'preact';
import type { Mark } from '../derive/marks';
import { highest } from '../derive/series';
import { duration, timeNear } from '../format/format';
import { connection } from '../state/live';
import { shell } from '../text';

const text = shell.chartFrame;

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

export function spoken(props: ChartProps): string {
  const parts = props.lines.map((line) => {
    const now = line.values.at(-1);
    const top = highest(line.values);
    if (top === null) return text.nothingKnownYet(line.name);
    const last = now === null || now === undefined ? text.notKnown : props.format(now);
    return text.atMost(line.name, props.newest ?? text.now, last, props.format(top));
  });
  return text.last(props.label, duration(props.span), parts.join('. '));
}

/** cursor: which of the values the pointer is at; null for none, which shows the newest. */
export function ChartFrame({
  props,
  cursor,
  children,
}: {
  props: ChartProps;
  cursor: number | null;
  children: ComponentChildren;
}): JSX.Element {
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
              ? (props.newest ?? text.now)
              : timeNear(isoOf(time), isoOf(now))}
        </time>
      </figcaption>
      <div class="plot-place" style={{ minHeight: `${props.height ?? PLOT_HEIGHT}px` }}>
        {children}
        {props.times.length < 2 && <p class="chart-empty">{text.theFirstReadingsAreOnTheir}</p>}
      </div>
    </figure>
  );
}
