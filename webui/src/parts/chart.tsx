// SPDX-License-Identifier: Apache-2.0
import 'uplot/dist/uPlot.min.css';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { highest, WINDOW_S } from '../derive/series';
import { timeOfDay } from '../format/format';
import { connection } from '../state/live';

export interface ChartLine {
  name: string;
  values: (number | null)[];
  /** Name of a custom property of the theme, e.g. "--accent". */
  color: string;
  fill?: string;
  dashed?: boolean;
}

interface ChartProps {
  label: string;
  times: number[];
  lines: ChartLine[];
  format: (value: number) => string;
  /** Short form for the axis; format where not given. */
  axis?: (value: number) => string;
  height?: number;
  limit?: { value: number; name: string };
  /** How far back, in seconds; all there is where not given. */
  span?: number;
  /** The scale reaches at least so far, so that noise does not look like an event. */
  atLeast?: number;
  /** Whether only whole numbers, in powers of two for bytes, make sense as steps. */
  steps?: 'bytes' | 'numbers' | 'percent';
}

const AXIS_WIDTH = 56;
/** Half a time label: nearer to the edge it would be cut. */
const LABEL_HALF = 20;
const AXIS_HEIGHT = 22;
const GRID_STEP = 34;
const FONT_SIZE = 11.5;
const MB = 1024 ** 2;

function increments(steps: ChartProps['steps']): number[] | undefined {
  if (steps !== 'bytes') return undefined;
  return Array.from({ length: 34 }, (_, i) => (MB / 1024) * 2 ** i);
}

function timeLabel(u: uPlot, time: number): string {
  const { min = 0, max = 0 } = u.scales['x'] ?? {};
  const fromRight = (((max ?? 0) - time) / ((max ?? 1) - (min ?? 0))) * (u.width - AXIS_WIDTH);
  return fromRight < LABEL_HALF ? '' : timeOfDay(time * 1000).slice(0, 5);
}

function theme(element: Element): (name: string) => string {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name).trim();
}

function options(
  box: HTMLElement,
  props: ChartProps,
  onCursor: (i: number | null) => void,
): uPlot.Options {
  const color = theme(box);
  const font = `${FONT_SIZE}px ${getComputedStyle(box).fontFamily}`;
  const stroke = color('--faint');
  const grid = { stroke: color('--line'), width: 1 };
  const { limit, atLeast = 1, span = WINDOW_S, format, axis = format } = props;
  const incrs = increments(props.steps);
  return {
    width: box.clientWidth,
    height: props.height ?? 128,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { size: 7 },
      sync: { key: 'holdfast' },
    },
    scales: {
      x: { time: true, range: (_, __, max) => [max - span, max] },
      y: {
        range: (_, __, max) => [
          0,
          Math.max(atLeast, (max ?? 0) * 1.12, (limit?.value ?? 0) * 1.08),
        ],
      },
    },
    axes: [
      {
        stroke,
        font,
        size: AXIS_HEIGHT,
        space: 84,
        gap: 6,
        grid: { show: false },
        ticks: { show: false },
        values: (u, splits) => splits.map((s) => timeLabel(u, s)),
        incrs: [30, 60, 120, 300],
      },
      {
        stroke,
        font,
        size: AXIS_WIDTH,
        space: GRID_STEP,
        gap: 8,
        grid,
        ticks: { show: false },
        values: (_, splits) => splits.map((s) => axis(s)),
        ...(incrs ? { incrs } : {}),
      },
    ],
    series: [
      {},
      ...props.lines.map((line) => ({
        label: line.name,
        stroke: color(line.color),
        width: 1.75,
        points: { show: false },
        ...(line.fill ? { fill: color(line.fill) } : {}),
        ...(line.dashed ? { dash: [5, 4] } : {}),
      })),
    ],
    hooks: {
      setCursor: [(u) => onCursor(u.cursor.idx ?? null)],
      draw: limit ? [(u) => drawLimit(u, limit.value, limit.name, color('--bad'), font)] : [],
    },
  };
}

function drawLimit(u: uPlot, value: number, name: string, color: string, font: string): void {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  const y = Math.round(u.valToPos(value, 'y', true));
  const { left, width } = u.bbox;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.fillStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.font = font.replace(`${FONT_SIZE}px`, `${FONT_SIZE * ratio}px`);
  ctx.textAlign = 'right';
  ctx.textBaseline = 'top';
  ctx.fillText(name, left + width - 2 * ratio, y + 4 * ratio);
  ctx.restore();
}

function spoken(props: ChartProps): string {
  const parts = props.lines.map((line) => {
    const now = line.values.at(-1);
    const top = highest(line.values);
    if (top === null) return `${line.name}: nothing known yet`;
    const last = now === null || now === undefined ? 'not known' : props.format(now);
    return `${line.name}: now ${last}, at most ${props.format(top)}`;
  });
  const minutes = Math.round((props.span ?? WINDOW_S) / 60);
  return `${props.label}, last ${minutes} minutes. ${parts.join('. ')}`;
}

/** Ten minutes of one or more series, with the values under the pointer (else the newest) above. */
export function Chart(props: ChartProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(props);
  const [cursor, setCursor] = useState<number | null>(null);
  latest.current = props;
  const colors = props.lines.map((l) => `${l.name}${l.color}`).join();
  const shape = `${colors} ${props.limit?.value} ${props.span}`;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const data = (): uPlot.AlignedData => [
      latest.current.times,
      ...latest.current.lines.map((l) => l.values),
    ];
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element, latest.current, setCursor), data(), element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      const { height = 128 } = latest.current;
      plot.current?.setSize({ width: element.clientWidth, height });
    });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    resized.observe(element);
    dark.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    plot.current?.setData([props.times, ...props.lines.map((l) => l.values)]);
  }, [props.times]);

  const stale = connection.value.kind === 'lost';
  const at = cursor ?? props.times.length - 1;
  const time = props.times[at];
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
          {time === undefined ? '' : cursor === null && !stale ? 'now' : timeOfDay(time * 1000)}
        </time>
      </figcaption>
      <div class="plot" ref={box} role="img" aria-label={spoken(props)} />
      {props.times.length < 2 && <p class="chart-empty">The first readings are on their way.</p>}
    </figure>
  );
}
