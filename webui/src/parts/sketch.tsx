// SPDX-License-Identifier: Apache-2.0
// A curve that is here with the page. uPlot alone is as large as all the rest of a first visit; it
// comes with the pages where one looks closer.
import { signal } from '@preact/signals';
import type { JSX, TargetedPointerEvent } from 'preact';
import { highest } from '../derive/series';
import { curveOf, nearest, stepsTo, timesInside } from '../derive/sketch';
import { timeOfDay } from '../format/format';
import { ChartFrame, type ChartProps, PLOT_HEIGHT, spoken } from './chart-frame';

/** Of the drawing, which is stretched to its place. */
const WIDTH = 1000;
const ROOM_ABOVE = 1.12;
const STEP_PX = 34;
const AXIS_PX = 22;
const LABELS = 5;
const MINUTE = 60;
/** A label nearer to an edge would be cut. */
const EDGE = 0.06;

/** The time under the pointer, in seconds since 1970: the curves of a page show the same one. */
const pointed = signal<number | null>(null);

function Scales({
  props,
  frame: { from, top, height },
}: {
  props: ChartProps;
  frame: { from: number; top: number; height: number };
}): JSX.Element {
  const { span, format, axis = format } = props;
  const step = Math.max(MINUTE, Math.round(span / LABELS / MINUTE) * MINUTE);
  const marks = timesInside(from, span, step)
    .map((time) => [time, (time - from) / span] as const)
    .filter(([, place]) => place > EDGE && place < 1 - EDGE);
  return (
    <div aria-hidden="true">
      {stepsTo(top, Math.floor(height / STEP_PX)).map((value) => (
        <span class="scale" key={value} style={{ top: `${height - (value / top) * height}px` }}>
          {axis(value)}
        </span>
      ))}
      {props.times.length > 0 &&
        marks.map(([time, place]) => (
          <span class="hour" key={time} style={{ left: `${place * 100}%` }}>
            {timeOfDay(time * 1000).slice(0, 5)}
          </span>
        ))}
    </div>
  );
}

/** One or more series, with the values under the pointer (else the newest) above. */
export function Sketch(props: ChartProps): JSX.Element {
  const { times, lines, span, atLeast = 1 } = props;
  const height = (props.height ?? PLOT_HEIGHT) - AXIS_PX;
  const from = (times.at(-1) ?? 0) - span;
  const top = Math.max(atLeast, ...lines.map((line) => (highest(line.values) ?? 0) * ROOM_ABOVE));
  const frame = { from, span, top, width: WIDTH, height };
  const cursor = pointed.value === null ? null : nearest(times, pointed.value);
  const cursorTime = cursor === null ? undefined : times[cursor];
  const place = (time: number) => ((time - from) / span) * WIDTH;
  const point = (event: TargetedPointerEvent<SVGSVGElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    pointed.value = from + ((event.clientX - left) / width) * span;
  };
  return (
    <ChartFrame props={props} cursor={cursor}>
      <div class="plot sketch" role="img" aria-label={spoken(props)}>
        <Scales props={props} frame={frame} />
        <svg
          viewBox={`0 0 ${WIDTH} ${height}`}
          preserveAspectRatio="none"
          height={height}
          aria-hidden="true"
          onPointerMove={point}
          onPointerLeave={() => {
            pointed.value = null;
          }}
        >
          {stepsTo(top, Math.floor(height / STEP_PX)).map((value) => (
            <path class="grid" key={value} d={`M0 ${height - (value / top) * height}H${WIDTH}`} />
          ))}
          {lines.map((line) => {
            const curve = curveOf(times, line.values, frame);
            return [
              line.fill && <path key="area" class={`area key${line.color}`} d={curve.area} />,
              <path
                key="line"
                class={`line key${line.color} ${line.dashed ? 'dashes' : ''}`}
                d={curve.line}
              />,
            ];
          })}
          {cursorTime !== undefined && (
            <path class="cursor" d={`M${place(cursorTime)} 0V${height}`} />
          )}
        </svg>
      </div>
    </ChartFrame>
  );
}
