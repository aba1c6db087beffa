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
  title: 'Memory',
  label: 'Memory',
  lines: (of) => [
    { name: 'used', values: of('memory_bytes'), color: '--accent', fill: '--accent-bg' },
  ],
  more: { format: bytes, steps: 'bytes' },
};
const OTHERS: Drawing[] = [
  {
    title: 'CPU, of one core',
    label: 'CPU, of one core',
    lines: (of) => [
      { name: 'used', values: of('cpu_percent'), color: '--accent', fill: '--accent-bg' },
      { name: 'throttled', values: of('throttled_percent'), color: '--warn', dashed: true },
    ],
    more: { format: percent, axis: percentShort, atLeast: CPU_MIN_PERCENT },
  },
  {
    title: 'Network',
    bursts: true,
    label: 'Bytes a second over the network',
    lines: (of) => [
      { name: 'in', values: of('net_rx_per_s'), color: '--accent' },
      { name: 'out', values: of('net_tx_per_s'), color: '--ink-2', dashed: true },
    ],
    more: { format: perSecond, steps: 'bytes', atLeast: FLOW_MIN_BYTES },
  },
  {
    title: 'Disk',
    bursts: true,
    label: 'Bytes a second from and to the disk',
    lines: (of) => [
      { name: 'read', values: of('io_read_per_s'), color: '--accent' },
      { name: 'written', values: of('io_write_per_s'), color: '--ink-2', dashed: true },
    ],
    more: { format: perSecond, steps: 'bytes', atLeast: FLOW_MIN_BYTES },
  },
];

function Waits({ service }: { service: Service }): JSX.Element | null {
  const psi = service.usage?.psi;
  if (!psi) return null;
  return (
    <p class="quiet after-charts">
      In the last 10 seconds it waited {percent(psi.cpu)} of the time for the CPU,{' '}
      {percent(psi.memory)} for memory, {percent(psi.io)} for the disk.
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
  if (smooth) return <span class="aside">means of {BURST_S} s</span>;
  if (title === 'Memory' && usage?.memory_peak_bytes)
    return (
      <span class="aside" title={`${count(usage.memory_peak_bytes)} bytes`}>
        peak {bytes(usage.memory_peak_bytes)}
      </span>
    );
  if (title.startsWith('CPU') && usage && usage.throttled_percent >= THROTTLED_PERCENT)
    return <Status tone="warn">throttled {percent(usage.throttled_percent)}</Status>;
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
  const limit = { value: limits.memory_bytes, name: `limit ${bytes(limits.memory_bytes)}` };
  return (
    <Card title="What it uses" class="charts-card" aside={<RangeChoice range={range} />}>
      {error !== null && (
        <p class="error-text" role="alert">
          {errorText(error)} What is shown is older.
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
              label={`${one.label} of ${title}, ${SPAN_TEXT[series.range]}`}
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
