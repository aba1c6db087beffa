// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Buffer, Gateway, State, Upgrade, Uplink } from '../api/types';
import { SPAN_S } from '../derive/series';
import { uplinkMark } from '../derive/tone';
import { isGivenUp, isUnderWay, stageText, type TitleOf, titlesOf } from '../derive/upgrade';
import {
  bytes,
  bytesOf,
  count,
  countShort,
  date,
  duration,
  percent,
  rate,
  secondsBetween,
  timeNear,
} from '../format/format';
import { Bar, Card, Copyable, Fact, Facts, Notice, Status, Title } from '../parts/basics';
import { PathPicture } from '../parts/path';
import { ServiceRows } from '../parts/service-rows';
import { Sketch } from '../parts/sketch';
import { WorstAlarms } from '../parts/worst-alarms';
import { useSeries } from '../state/history';

function Headline({ state }: { state: State }): JSX.Element {
  const { level, eyebrow, title, detail } = state.sentence;
  return (
    <header class="headline" data-testid="sentence" data-level={level}>
      <p class="eyebrow">
        <Status tone={level}>{eyebrow}</Status>
      </p>
      <Title>{title}</Title>
      {detail && <p class="sub">{detail}</p>}
    </header>
  );
}

function Kpi({ value, exact, text }: { value: string; exact?: string; text: string }): JSX.Element {
  return (
    <div title={exact}>
      <b>{value}</b>
      <span>{text}</span>
    </div>
  );
}

/** What has just come in is not a backlog. */
const BACKLOG_S = 10;

function outlook(buffer: Buffer, age: number): { value: string; text: string } {
  if (buffer.drain_s !== null && age > BACKLOG_S)
    return { value: `≈ ${duration(buffer.drain_s)}`, text: 'until all is delivered' };
  if (buffer.full_s !== null && age > BACKLOG_S)
    return { value: `≈ ${duration(buffer.full_s)}`, text: 'until full at this rate' };
  return { value: rate(buffer.out_per_s), text: 'delivered' };
}

function Books({ buffer }: { buffer: Buffer }): JSX.Element {
  const part = (name: 'accepted' | 'delivered' | 'held' | 'dropped' | 'quarantined') => (
    <span title={`${count(buffer[name])} ${name}`}>
      <b data-testid={name} data-value={buffer[name]}>
        {count(buffer[name])}
      </b>{' '}
      {name}
    </span>
  );
  return (
    <p class="books">
      {part('accepted')}
      <i>=</i>
      {part('delivered')}
      <i>+</i>
      {part('held')}
      <i>+</i>
      {part('dropped')}
      <i>+</i>
      {part('quarantined')}
    </p>
  );
}

function FirstMessage({ gateway }: { gateway: Gateway }): JSX.Element {
  const { address, port } = gateway.field;
  const line = `mosquitto_pub -h ${address || gateway.host.hostname} -p ${port} -t sensors/7/temp -m '{"t":21.5}' -q 1`;
  return (
    <div class="empty">
      <p>
        <strong>Nothing has come in yet.</strong> Point a device at this gateway by MQTT, or send a
        first message from any machine beside it:
      </p>
      <Copyable value={line} label="command" />
    </div>
  );
}

const SERIES = ['buffer.held', 'buffer.in_per_s', 'buffer.out_per_s'] as const;

function DataHeld({ state }: { state: State }): JSX.Element {
  const { buffer, gateway } = state;
  const { times, values, range } = useSeries('10m', SERIES).series;
  const age = secondsBetween(buffer.oldest, state.at);
  const next = outlook(buffer, age ?? 0);
  const away = state.uplink.state === 'away' || state.uplink.state === 'refused';
  if (buffer.state === 'unknown')
    return (
      <Card title="Data held">
        <div class="empty">
          <p>
            <strong>The buffer has not spoken yet.</strong> What is on its disk stays there; its
            numbers appear here as soon as it runs.
          </p>
        </div>
      </Card>
    );
  return (
    <Card
      title="Data held"
      aside={
        <a class="aside" href="/data" title={`${count(buffer.disk_bytes)} bytes`}>
          {bytesOf(buffer.disk_bytes, buffer.disk_limit_bytes)} on disk →
        </a>
      }
    >
      {buffer.state === 'degraded' && <Notice tone="warn" title={buffer.reason} />}
      {buffer.accepted === 0 ? (
        <FirstMessage gateway={gateway} />
      ) : (
        <>
          <div class="kpis">
            <Kpi value={countShort(buffer.held)} exact={count(buffer.held)} text="records held" />
            <Kpi
              value={age === null ? 'none' : duration(age)}
              text="oldest record"
              {...(buffer.oldest ? { exact: buffer.oldest } : {})}
            />
            <Kpi {...next} />
          </div>
          <Sketch
            label="Records held"
            times={times}
            span={SPAN_S[range]}
            lines={[
              {
                name: 'held',
                values: values['buffer.held'] ?? [],
                color: away ? '--warn' : '--accent',
                fill: away ? '--warn-bg' : '--accent-bg',
              },
            ]}
            format={count}
            axis={countShort}
            atLeast={10}
            height={136}
          />
          <Sketch
            label="Records a second"
            times={times}
            span={SPAN_S[range]}
            lines={[
              { name: 'in', values: values['buffer.in_per_s'] ?? [], color: '--accent' },
              {
                name: 'out',
                values: values['buffer.out_per_s'] ?? [],
                color: '--ink-2',
                dashed: true,
              },
            ]}
            format={rate}
            height={112}
          />
          <Books buffer={buffer} />
        </>
      )}
    </Card>
  );
}

function Meter({
  name,
  text,
  part,
  exact,
}: {
  name: string;
  text: string;
  part: number;
  exact?: string;
}): JSX.Element {
  return (
    <div class="meter" title={exact}>
      <p>
        {name} <b>{text}</b>
      </p>
      <Bar part={part} label={name} />
    </div>
  );
}

const HOT_C = 85;

function ThisBox({ gateway, at }: { gateway: Gateway; at: string }): JSX.Element {
  const { host, engine, daemon } = gateway;
  const of = (used: number, total: number) => (total > 0 ? used / total : 0);
  return (
    <Card title="This box" aside={<span class="aside long">{host.hostname}</span>}>
      <div class="meters">
        <Meter
          name="CPU"
          text={percent(host.cpu_percent)}
          part={host.cpu_percent / 100}
          exact={`load ${host.load1.toFixed(2)}, ${host.cores} cores`}
        />
        <Meter
          name="Memory"
          text={bytesOf(host.memory_used_bytes, host.memory_total_bytes)}
          part={of(host.memory_used_bytes, host.memory_total_bytes)}
        />
        <Meter
          name="Disk"
          text={bytesOf(host.disk_used_bytes, host.disk_total_bytes)}
          part={of(host.disk_used_bytes, host.disk_total_bytes)}
        />
        {host.temperature_c !== null && (
          <Meter
            name="Temperature"
            text={`${Math.round(host.temperature_c)}\u00a0°C`}
            part={host.temperature_c / HOT_C}
          />
        )}
      </div>
      <Facts>
        <Fact name="Up for">{duration(host.uptime_s)}</Fact>
        <Fact name="Clock">
          {gateway.clock_synced ? 'synchronised' : <Status tone="warn">not synchronised</Status>}
        </Fact>
        <Fact name="Wear of the flash">
          {host.flash.life_percent_used === null
            ? 'not known: the disk does not say'
            : `${host.flash.life_percent_used}\u00a0%`}
        </Fact>
        <Fact name="Docker">
          {engine.state === 'ok' ? (
            engine.version
          ) : (
            <Status tone={engine.state === 'starting' ? 'warn' : 'bad'}>
              {engine.state === 'starting'
                ? 'asking'
                : `no answer${engine.stale_since ? ` since ${timeNear(engine.stale_since, at)}` : ''}`}
            </Status>
          )}
        </Fact>
        <Fact name="Holdfast uses">
          <span title={`since ${timeNear(gateway.started, at)}`}>
            {bytes(daemon.rss_bytes)}, {percent(daemon.cpu_percent)} CPU
          </span>
        </Fact>
      </Facts>
    </Card>
  );
}

/** May break after a slash; in the middle of a word only where it must. */
function Url({ url }: { url: string }): JSX.Element {
  const [first, ...rest] = url.split(/(?<=[^/]\/)(?=[^/])/);
  return (
    <p class="breaks">
      {first}
      {rest.map((part, i) => [<wbr key={`${i}-${part}`} />, part])}
    </p>
  );
}

function ago(seconds: number | null): string {
  if (seconds === null) return '–';
  return seconds < 1 ? 'just now' : `${duration(seconds)} ago`;
}

function UplinkCard({ uplink, at }: { uplink: Uplink; at: string }): JSX.Element {
  const mark = uplinkMark(uplink);
  const success = secondsBetween(uplink.last_success, at);
  const wait = secondsBetween(at, uplink.next_try ?? at);
  const away = secondsBetween(uplink.away_since, at);
  return (
    <Card title="Uplink" aside={<Status tone={mark.tone}>{mark.word}</Status>}>
      {uplink.url ? (
        <Url url={uplink.url} />
      ) : (
        <p class="quiet">
          No place to send to yet. Records are held until the gateway is started with{' '}
          <code>--provision</code> and an uplink.
        </p>
      )}
      <Facts>
        <Fact name="Last delivered">
          <span title={uplink.last_success ?? undefined}>{ago(success)}</span>
        </Fact>
        {away !== null && <Fact name="Away for">{duration(away)}</Fact>}
        {uplink.attempt > 0 && <Fact name="Failed tries in a row">{count(uplink.attempt)}</Fact>}
        {uplink.next_try && <Fact name="Next try">{wait ? `in ${duration(wait)}` : 'now'}</Fact>}
      </Facts>
      {uplink.last_error && uplink.attempt > 0 && (
        <p class="last-words breaks">{uplink.last_error}</p>
      )}
    </Card>
  );
}

/** What is under way, or why the last one was not kept; nothing where all is as it should be. */
function UpgradeNote({
  upgrade,
  titleOf,
}: {
  upgrade: Upgrade;
  titleOf: TitleOf;
}): JSX.Element | null {
  const name = upgrade.release?.name;
  if (isUnderWay(upgrade))
    return (
      <p class="upgrade-note">
        <Status tone={upgrade.state === 'rolling_back' ? 'warn' : 'move'}>
          {name}: {stageText(upgrade, titleOf)}
        </Status>
      </p>
    );
  if (upgrade.state !== 'rolled_back' || isGivenUp(upgrade.reason)) return null;
  return (
    <p class="upgrade-note">
      <Status tone="warn">{name} was not kept</Status>{' '}
      <span class="quiet breaks">{upgrade.reason}</span>
    </p>
  );
}

function ReleaseCard({ state, titleOf }: { state: State; titleOf: TitleOf }): JSX.Element {
  const { release, upgrade } = state;
  if (!release)
    return (
      <Card title="Release">
        <p class="quiet">
          None yet, so nothing runs. Start holdfastd with <code>--release FILE</code>, a file that
          pins the images.
        </p>
      </Card>
    );
  const images = Object.entries(release.services);
  return (
    <Card
      title="Release"
      aside={
        <a class="aside" href="/releases">
          Releases →
        </a>
      }
    >
      <p class="release-name breaks">
        {release.name} {release.version}
      </p>
      <p class="quiet">
        Made {date(release.created)}; {images.length} images, each pinned by digest
      </p>
      <UpgradeNote upgrade={upgrade} titleOf={titleOf} />
    </Card>
  );
}

function UnderWay({
  upgrade,
  titleOf,
}: {
  upgrade: Upgrade;
  titleOf: TitleOf;
}): JSX.Element | null {
  if (!isUnderWay(upgrade)) return null;
  const what = upgrade.kind === 'rollback' ? 'Rollback' : 'Upgrade';
  return (
    <div data-testid="under-way">
      <Notice
        tone={upgrade.state === 'rolling_back' || upgrade.waiting ? 'warn' : 'move'}
        title={`${what} to ${upgrade.release?.name}: ${stageText(upgrade, titleOf)}.`}
      >
        <a href="/releases">Watch its steps</a>
      </Notice>
    </div>
  );
}

export function Overview({ state }: { state: State }): JSX.Element {
  const { gateway, upgrade } = state;
  const titleOf = titlesOf(state);
  return (
    <>
      <Headline state={state} />
      <UnderWay upgrade={upgrade} titleOf={titleOf} />
      {gateway.engine.warnings.length > 0 && (
        <Notice tone="warn" title="This machine does not enforce every limit">
          <ul>
            {gateway.engine.warnings.map((w) => (
              <li key={w}>{w}</li>
            ))}
          </ul>
        </Notice>
      )}
      <PathPicture state={state} />
      <div class="columns">
        <div class="stack">
          <DataHeld state={state} />
          <Card
            title="Services"
            aside={
              <a class="aside" href="/services">
                All services →
              </a>
            }
          >
            <ServiceRows services={state.services} />
          </Card>
        </div>
        <div class="stack">
          <WorstAlarms state={state} />
          <ThisBox gateway={gateway} at={state.at} />
          <UplinkCard uplink={state.uplink} at={state.at} />
          <ReleaseCard state={state} titleOf={titleOf} />
        </div>
      </div>
    </>
  );
}
