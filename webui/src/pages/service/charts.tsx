// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { errorText } from '../../api/client';
import type { HistoryRange, Incident, Service } from '../../api/types';
import { eventOf } from '../../derive/incident';
import { marksOf } from '../../derive/marks';
import { rollingMean, SPAN_S, SPAN_TEXT } from '../../derive/series';
import { bytes, count, percent, percentShort } from '../../format/format';
import { Card, Status } from '../../parts/basics';
import { Chart } from '../../parts/chart';
import type { ChartProps } from '../../parts/chart-frame';
import { RangeChoice } from '../../parts/range';
import { useSeries } from '../../state/history';
import { service as serviceText } from '../../text';

const text = serviceText.charts;

const HEIGHT = 148;
/** A scale that reaches no further shows noise as an event. */
const CPU_MIN_PERCENT = 5;
const FLOW_MIN_BYTES = 1024;
const THROTTLED_PERCENT = 1;
const BURST_S = 5;

const NAMES = [
  ...['memory_bytes', 'cpu_percent', 'throttled_percent'],
  ...['net_rx_per_s', 'net_tx_per_s', 'io_read_per_s', 'io_write_per_s'],
];

function perSecond(value: number): string {
  return `${bytes(value)}/s`;
}

type Lines = ChartProps['lines'];

interface Drawing {
  title: string;
  /** Comes in bursts: seconds one by one would be a comb. */
  bursts?: boolean;
  label: string;
  lines: (values: (name: string) => (number | null)[]) => Lines;
  more: Pick<ChartProps, 'format' | 'axis' | 'atLeast' | 'steps'>;
}

const MEMORY: Drawing = {
  title: text.memory,
  label: text.memory,
  lines: (of) => [
    { name: text.used, values: of('memory_bytes'), color: '--accent', fill: '--accent-bg' },
  ],
  more: { format: bytes, steps: 'bytes' },
};
const OTHERS: Drawing[] = [
  {
    title: text.cpuOfOneCore,
    label: text.cpuOfOneCore,
    lines: (of) => [
      { name: text.used, values: of('cpu_percent'), color: '--accent', fill: '--accent-bg' },
      { name: text.throttled, values: of('throttled_percent'), color: '--warn', dashed: true },
    ],
    more: { format: percent, axis: percentShort, atLeast: CPU_MIN_PERCENT },
  },
  {
    title: text.network,
    bursts: true,
    label: text.bytesASecondOverTheNetwork,
    lines: (of) => [
      { name: text.in, values: of('net_rx_per_s'), color: '--accent' },
      { name: text.out, values: of('net_tx_per_s'), color: '--ink-2', dashed: true },
    ],
    more: { format: perSecond, steps: 'bytes', atLeast: FLOW_MIN_BYTES },
  },
  {
    title: text.disk,
    bursts: true,
    label: text.bytesASecondFromAndTo,
    lines: (of) => [
      { name: text.read, values: of('io_read_per_s'), color: '--accent' },
      { name: text.written, values: of('io_write_per_s'), color: '--ink-2', dashed: true },
    ],
    more: { format: perSecond, steps: 'bytes', atLeast: FLOW_MIN_BYTES },
  },
];

function Waits({ service }: { service: Service }): JSX.Element | null {
  const psi = service.usage?.psi;
  if (!psi) return null;
  return (
    <p class="quiet after-charts">
      {text.inTheLast10SecondsIt(percent(psi.cpu), percent(psi.memory), percent(psi.io))}
    </p>
  );
}

function Aside({
  service,
  title,
  smooth,
}: {
  service: Service;
  title: string;
  smooth: boolean;
}): JSX.Element | null {
  const { usage } = service;
  if (smooth) return <span class="aside">{text.meansOfS(BURST_S)}</span>;
  if (title === 'Memory' && usage?.memory_peak_bytes)
    return (
      <span class="aside" title={text.bytes(count(usage.memory_peak_bytes))}>
        {text.peak(bytes(usage.memory_peak_bytes))}
      </span>
    );
  if (title.startsWith('CPU') && usage && usage.throttled_percent >= THROTTLED_PERCENT)
    return <Status tone="warn">{text.throttled2(percent(usage.throttled_percent))}</Status>;
  return null;
}

export function Charts({
  service,
  range,
  incidents,
}: {
  service: Service;
  range: HistoryRange;
  incidents: Incident[];
}): JSX.Element {
  const { name, title, limits } = service;
  const { series, error } = useSeries(
    range,
    NAMES.map((one) => `${name}.${one}`),
  );
  const { times, values } = series;
  const span = SPAN_S[series.range];
  const of = (one: string) => values[`${name}.${one}`] ?? [];
  const smooth = (one: string) => rollingMean(of(one), BURST_S);
  const isSmooth = ({ bursts }: Drawing) => bursts === true && series.intervalS < BURST_S;
  const end = times.at(-1);
  const marks = end === undefined ? [] : marksOf(incidents.map(eventOf), end, span, '#incidents');
  const limit = { value: limits.memory_bytes, name: text.limit(bytes(limits.memory_bytes)) };
  return (
    <Card title={text.whatItUses} class="charts-card" aside={<RangeChoice range={range} />}>
      {error !== null && (
        <p class="error-text" role="alert">
          {text.whatIsShownIsOlder(errorText(error))}
        </p>
      )}
      <div class="charts" data-testid="charts" data-range={series.range} data-points={times.length}>
        {[MEMORY, ...OTHERS].map((one) => (
          <div key={one.title}>
            <div class="chart-head">
              <h3>{one.title}</h3>
              <Aside service={service} title={one.title} smooth={isSmooth(one)} />
            </div>
            <Chart
              {...one.more}
              label={text.of(one.label, title, SPAN_TEXT[series.range])}
              times={times}
              span={span}
              lines={one.lines(isSmooth(one) ? smooth : of)}
              marks={marks}
              marksAgain={one !== MEMORY}
              height={HEIGHT}
              {...(one === MEMORY && limits.memory_bytes > 0 ? { limit } : {})}
            />
          </div>
        ))}
      </div>
      <Waits service={service} />
    </Card>
  );
}
