// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { api } from '../api/client';
import type { Buffer, Gateway, Session, State, Upgrade, Uplink } from '../api/types';
import { actionOf, firstMessage, nextRelease, outlook } from '../derive/overview';
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
import { useAsked } from '../state/asked';
import { useSeries } from '../state/history';
import { actionText, overviewText as text } from '../text';

function Headline({ state, session }: { state: State; session: Session }): JSX.Element {
  const { level, eyebrow, title, detail } = state.sentence;
  const action = actionOf(state, session);
  return (
    <header class="headline" data-testid="sentence" data-level={level}>
      <p class="eyebrow">
        <Status tone={level}>{eyebrow}</Status>
      </p>
      <Title>{title}</Title>
      {(detail || action) && (
        <p class="sub">
          {detail} {action && <a href={action.href}>{action.text}</a>}
        </p>
      )}
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

function Books({ buffer }: { buffer: Buffer }): JSX.Element {
  const part = (name: 'accepted' | 'delivered' | 'held' | 'dropped' | 'quarantined') => (
    <span title={`${count(buffer[name])} ${text.books[name]}`}>
      <b data-testid={name} data-value={buffer[name]}>
        {count(buffer[name])}
      </b>{' '}
      {text.books[name]}
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
  return (
    <div class="empty">
      <p>
        <strong>{text.nothingYet}</strong> {text.nothingYetMore}
      </p>
      <Copyable value={firstMessage(gateway)} label={text.command} />
    </div>
  );
}

/** Somebody may add one. */
const RELEASES_EVERY_MS = 60_000;

const SERIES = ['buffer.held', 'buffer.in_per_s', 'buffer.out_per_s'] as const;

function DataHeld({ state }: { state: State }): JSX.Element {
  const { buffer, gateway } = state;
  const { times, values, range } = useSeries('10m', SERIES).series;
  const age = secondsBetween(buffer.oldest, state.at);
  const next = outlook(buffer, age ?? 0);
  const away = state.uplink.state === 'away' || state.uplink.state === 'refused';
  if (buffer.state === 'unknown')
    return (
      <Card title={text.data}>
        <div class="empty">
          <p>
            <strong>{text.bufferSilent}</strong> {text.bufferSilentMore}
          </p>
        </div>
      </Card>
    );
  return (
    <Card
      title={text.data}
      aside={
        <a class="aside" href="/data" title={text.bytes(count(buffer.disk_bytes))}>
          {text.disk(bytesOf(buffer.disk_bytes, buffer.disk_limit_bytes))}
        </a>
      }
    >
      {buffer.state === 'degraded' && <Notice tone="warn" title={buffer.reason} />}
      {buffer.accepted === 0 ? (
        <FirstMessage gateway={gateway} />
      ) : (
        <>
          <div class="kpis">
            <Kpi
              value={countShort(buffer.held)}
              exact={count(buffer.held)}
              text={text.recordsHeld}
            />
            <Kpi
              value={age === null ? text.none : duration(age)}
              text={text.oldest}
              {...(buffer.oldest ? { exact: buffer.oldest } : {})}
            />
            <Kpi {...next} />
          </div>
          <Sketch
            label={text.curves.held}
            times={times}
            span={SPAN_S[range]}
            lines={[
              {
                name: text.curves.heldLine,
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
            label={text.curves.rates}
            times={times}
            span={SPAN_S[range]}
            lines={[
              { name: text.curves.in, values: values['buffer.in_per_s'] ?? [], color: '--accent' },
              {
                name: text.curves.out,
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
    <Card title={text.box} aside={<span class="aside long">{host.hostname}</span>}>
      <div class="meters">
        <Meter
          name={text.cpu}
          text={percent(host.cpu_percent)}
          part={host.cpu_percent / 100}
          exact={text.load(host.load1.toFixed(2), host.cores)}
        />
        <Meter
          name={text.memory}
          text={bytesOf(host.memory_used_bytes, host.memory_total_bytes)}
          part={of(host.memory_used_bytes, host.memory_total_bytes)}
        />
        <Meter
          name={text.storage}
          text={bytesOf(host.disk_used_bytes, host.disk_total_bytes)}
          part={of(host.disk_used_bytes, host.disk_total_bytes)}
        />
        {host.temperature_c !== null && (
          <Meter
            name={text.temperature}
            text={text.degrees(Math.round(host.temperature_c))}
            part={host.temperature_c / HOT_C}
          />
        )}
      </div>
      <Facts>
        <Fact name={text.upFor}>{duration(host.uptime_s)}</Fact>
        <Fact name={text.clock}>
          {gateway.clock_synced ? text.synced : <Status tone="warn">{text.notSynced}</Status>}
        </Fact>
        <Fact name={text.flash}>
          {host.flash.life_percent_used === null
            ? text.flashUnknown
            : `${host.flash.life_percent_used}\u00a0%`}
        </Fact>
        <Fact name={text.docker}>
          {engine.state === 'ok' ? (
            engine.version
          ) : (
            <Status tone={engine.state === 'starting' ? 'warn' : 'bad'}>
              {engine.state === 'starting'
                ? text.dockerAsking
                : text.dockerSilent(engine.stale_since ? timeNear(engine.stale_since, at) : '')}
            </Status>
          )}
        </Fact>
        <Fact name={text.own}>
          <span title={text.since(timeNear(gateway.started, at))}>
            {text.ownUse(bytes(daemon.rss_bytes), percent(daemon.cpu_percent))}
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
  if (seconds === null) return text.never;
  return seconds < 1 ? text.justNow : text.ago(duration(seconds));
}

function UplinkCard({
  uplink,
  at,
  session,
}: {
  uplink: Uplink;
  at: string;
  session: Session;
}): JSX.Element {
  const mark = uplinkMark(uplink);
  const success = secondsBetween(uplink.last_success, at);
  const wait = secondsBetween(at, uplink.next_try ?? at);
  const away = secondsBetween(uplink.away_since, at);
  return (
    <Card title={text.uplink} aside={<Status tone={mark.tone}>{mark.word}</Status>}>
      {uplink.url ? (
        <Url url={uplink.url} />
      ) : (
        <p class="quiet">
          {text.noUplink}{' '}
          {session.role === 'admin' ? (
            <a href="/setup">{actionText.setUplink}</a>
          ) : (
            text.noUplinkViewer
          )}
        </p>
      )}
      <Facts>
        <Fact name={text.lastDelivered}>
          <span title={uplink.last_success ?? undefined}>{ago(success)}</span>
        </Fact>
        {away !== null && <Fact name={text.awayFor}>{duration(away)}</Fact>}
        {uplink.attempt > 0 && <Fact name={text.failed}>{count(uplink.attempt)}</Fact>}
        {uplink.next_try && (
          <Fact name={text.nextTry}>{wait ? text.inTime(duration(wait)) : text.now}</Fact>
        )}
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
          {text.stage(name ?? '', stageText(upgrade, titleOf))}
        </Status>
      </p>
    );
  if (upgrade.state !== 'rolled_back' || isGivenUp(upgrade.reason)) return null;
  return (
    <p class="upgrade-note">
      <Status tone="warn">{text.notKept(name ?? '')}</Status>{' '}
      <span class="quiet breaks">{upgrade.reason}</span>
    </p>
  );
}

/** What waits to be applied, with the way to its plan. */
function NextRelease(): JSX.Element | null {
  const next = nextRelease(useAsked(api.releases, RELEASES_EVERY_MS).value?.releases ?? []);
  if (!next) return null;
  return (
    <div class="next-release" data-testid="next-release">
      <p>
        <strong class="breaks">{next.name}</strong> <span class="quiet">{text.available}</span>
      </p>
      <a class="button small" href={`/releases/${next.id}`}>
        {text.plan}
        <span class="unseen">{text.planOf(next.name)}</span>
      </a>
    </div>
  );
}

function ReleaseCard({ state, titleOf }: { state: State; titleOf: TitleOf }): JSX.Element {
  const { release, upgrade } = state;
  if (!release)
    return (
      <Card title={text.release}>
        <p class="quiet">
          {text.noRelease} <code>--release FILE</code>
          {text.noReleaseMore}
        </p>
      </Card>
    );
  const images = Object.entries(release.services);
  return (
    <Card
      title={text.release}
      aside={
        <a class="aside" href="/releases">
          {text.releases}
        </a>
      }
    >
      <p class="release-name breaks">
        {release.name} {release.version}
      </p>
      <p class="quiet">{text.made(date(release.created), images.length)}</p>
      <UpgradeNote upgrade={upgrade} titleOf={titleOf} />
      {!isUnderWay(upgrade) && <NextRelease />}
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
  return (
    <div data-testid="under-way">
      <Notice
        tone={upgrade.state === 'rolling_back' || upgrade.waiting ? 'warn' : 'move'}
        title={text.underWay(
          upgrade.kind === 'rollback',
          upgrade.release?.name ?? '',
          stageText(upgrade, titleOf),
        )}
      >
        <a href="/releases">{text.watch}</a>
      </Notice>
    </div>
  );
}

export function Overview({ state, session }: { state: State; session: Session }): JSX.Element {
  const { gateway, upgrade } = state;
  const titleOf = titlesOf(state);
  return (
    <>
      <Headline state={state} session={session} />
      <UnderWay upgrade={upgrade} titleOf={titleOf} />
      {gateway.engine.warnings.length > 0 && (
        <Notice tone="warn" title={text.limits}>
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
            title={text.services}
            aside={
              <a class="aside" href="/services">
                {text.allServices}
              </a>
            }
          >
            <ServiceRows services={state.services} />
          </Card>
        </div>
        <div class="stack">
          <WorstAlarms state={state} />
          <ThisBox gateway={gateway} at={state.at} />
          <UplinkCard uplink={state.uplink} at={state.at} session={session} />
          <ReleaseCard state={state} titleOf={titleOf} />
        </div>
      </div>
    </>
  );
}
