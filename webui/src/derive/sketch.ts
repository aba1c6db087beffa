// SPDX-License-Identifier: Apache-2.0
// The geometry of a small curve: lines, areas, and where its scales have their steps.

type Values = (number | null)[];

/** What is drawn, from the left edge to the right one and from the bottom to the top. */
export interface Frame {
  /** Seconds since 1970 at the left edge. */
  from: number;
  span: number;
  top: number;
  width: number;
  height: number;
}

export interface Curve {
  line: string;
  area: string;
}

const fixed = (value: number) => Number(value.toFixed(1));

/** Where a value is not known there is a gap. */
export function curveOf(times: readonly number[], values: Values, frame: Frame): Curve {
  const { from, span, top, width, height } = frame;
  const curve = { line: '', area: '' };
  let points: string[] = [];
  let first = 0;
  let last = 0;
  const end = () => {
    if (points.length > 0) {
      const line = `M${points.join('L')}`;
      curve.line += line;
      curve.area += `${line}L${last} ${height}L${first} ${height}Z`;
    }
    points = [];
  };
  times.forEach((time, i) => {
    const value = values[i] ?? null;
    if (value === null || time < from) {
      end();
      return;
    }
    const x = fixed(((time - from) / span) * width);
    if (points.length === 0) first = x;
    last = x;
    points.push(`${x} ${fixed(height - (value / top) * height)}`);
  });
  end();
  return curve;
}

/** Steps of 1, 2 or 5 times a power of ten from 0 to the top; at most so many above 0. */
export function stepsTo(top: number, most: number): number[] {
  const least = top / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5].find((n) => n * power >= least) ?? 10) * power;
  const steps = Math.floor(top / step + 1e-9);
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Multiples of step, in seconds, that are inside. */
export function timesInside(from: number, span: number, step: number): number[] {
  const first = Math.ceil(from / step) * step;
  const n = Math.max(0, Math.floor((from + span - first) / step) + 1);
  return Array.from({ length: n }, (_, i) => first + i * step);
}

/** The place of the time that is nearest; null where there is none. */
export function nearest(times: readonly number[], time: number): number | null {
  let best: number | null = null;
  times.forEach((one, i) => {
    if (best === null || Math.abs(one - time) < Math.abs((times[best] ?? 0) - time)) best = i;
  });
  return best;
}
