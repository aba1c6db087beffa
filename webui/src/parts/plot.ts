// SPDX-License-Identifier: Apache-2.0
// The one user of uPlot; loaded when the first chart is seen.
import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';
import { timeOfDay, weekday } from '../format/format';
import { AXIS_WIDTH, type ChartProps, PLOT_HEIGHT, PLOT_RIGHT } from './chart-frame';

/** Half a time label: nearer to the edge it would be cut. */
const LABEL_HALF = 20;
const LONG_LABEL_HALF = 28;
const AXIS_HEIGHT = 22;
const GRID_STEP = 34;
const FONT_SIZE = 11.5;
const KB = 1024;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[2, 5, 10, 20, 0.5 * MINUTE, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY],
];

function increments(steps: ChartProps['steps']): number[] | undefined {
  if (steps !== 'bytes') return undefined;
  return Array.from({ length: 34 }, (_, i) => KB * 2 ** i);
}

function timeLabel(u: uPlot, time: number): string {
  const { min, max } = u.scales['x'] ?? {};
  const from = min ?? 0;
  const to = max ?? 1;
  const span = to - from;
  const withSeconds = span <= 2 * MINUTE;
  const perSecond = (u.width - AXIS_WIDTH) / span;
  const half = withSeconds ? LONG_LABEL_HALF : LABEL_HALF;
  if ((to - time) * perSecond < half) return '';
  if (withSeconds) return (time - from) * perSecond < half ? '' : timeOfDay(time * 1000);
  const hour = timeOfDay(time * 1000).slice(0, 5);
  return hour === '00:00' && span > DAY ? weekday(time * 1000) : hour;
}

function theme(element: Element): (name: string) => string {
  const style = getComputedStyle(element);
  return (name) => style.getPropertyValue(name).trim();
}

function drawLimit(u: uPlot, limit: { value: number; name: string }, color: string, font: string) {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  const y = Math.round(u.valToPos(limit.value, 'y', true));
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
  ctx.fillText(limit.name, left + width - 2 * ratio, y + 4 * ratio);
  ctx.restore();
}

function options(
  box: HTMLElement,
  props: ChartProps,
  onCursor: (i: number | null) => void,
): uPlot.Options {
  const color = theme(box);
  const font = `${FONT_SIZE}px ${getComputedStyle(box).fontFamily}`;
  const stroke = color('--faint');
  const { limit, atLeast = 1, span, format, axis = format } = props;
  const incrs = increments(props.steps);
  return {
    width: box.clientWidth,
    height: props.height ?? PLOT_HEIGHT,
    padding: [8, PLOT_RIGHT, 0, 0],
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
        incrs: TIME_STEPS,
      },
      {
        stroke,
        font,
        size: AXIS_WIDTH,
        space: GRID_STEP,
        gap: 8,
        grid: { stroke: color('--line'), width: 1 },
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
      draw: limit ? [(u) => drawLimit(u, limit, color('--bad'), font)] : [],
    },
  };
}

export interface Plot {
  update: () => void;
  destroy: () => void;
}

/** latest: what to draw now; read again at each update, change of size or of theme. */
export function newPlot(
  box: HTMLElement,
  latest: () => ChartProps,
  onCursor: (i: number | null) => void,
): Plot {
  let plot: uPlot | null = null;
  const data = (): uPlot.AlignedData => [latest().times, ...latest().lines.map((l) => l.values)];
  const draw = () => {
    plot?.destroy();
    plot = new uPlot(options(box, latest(), onCursor), data(), box);
  };
  draw();
  const resized = new ResizeObserver(() =>
    plot?.setSize({ width: box.clientWidth, height: latest().height ?? PLOT_HEIGHT }),
  );
  const dark = matchMedia('(prefers-color-scheme: dark)');
  resized.observe(box);
  dark.addEventListener('change', draw);
  return {
    update: () => plot?.setData(data()),
    destroy: () => {
      resized.disconnect();
      dark.removeEventListener('change', draw);
      plot?.destroy();
    },
  };
}
