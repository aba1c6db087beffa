// SPDX-License-Identifier: Apache-2.0
// A chart that is drawn by uPlot, with marks over it.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Mark } from '../derive/marks';
import { ChartFrame, type ChartProps, spoken } from './chart-frame';
import type { Plot } from './plot';

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

  return (
    <ChartFrame props={props} cursor={cursor}>
      <div class="plot" ref={box} role="img" aria-label={spoken(props)} />
      {props.marks && props.marks.length > 0 && (
        <Marks marks={props.marks} again={props.marksAgain === true} />
      )}
    </ChartFrame>
  );
}
