// SPDX-License-Identifier: Apache-2.0
// Who publishes: a page of the list at a time, or of all of them those that are silent.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { devices } from '../../api/devices';
import { query } from '../../api/query';
import type { Device, DevicePage, Session, State } from '../../api/types';
import { ageText, isSilent, payloadOf } from '../../derive/data';
import { count, rate, secondsBetween, timeNear } from '../../format/format';
import { Headline, Loading, Trouble } from '../../parts/asked';
import { Card, Copyable, Fact, Facts, Status } from '../../parts/basics';
import { Search } from '../../parts/search';
import { type Asked, useAsked } from '../../state/asked';
import { usePaged } from '../../state/paged';
import { devices as allTexts } from '../../text';
import { AddLink } from './links';
import { Pager } from './pager';

const text = allTexts.publishing;
/** A device is shown as it is now. */
const EVERY_MS = 5000;
/** All of them are many to ask for. */
const EVERY_ALL_MS = 30_000;
const ROWS_MAX = 200;

interface Filter {
  search: string;
  silent: boolean;
}

/** What is looked for is part of the address. */
function useFilter(): [Filter, (change: Partial<Filter>) => void] {
  const { path, query: asked, route } = useLocation();
  const filter = { search: asked['search'] ?? '', silent: asked['silent'] === '1' };
  return [
    filter,
    (change) => {
      const { search, silent } = { ...filter, ...change };
      route(path + query({ search, silent: silent ? '1' : '' }), true);
    },
  ];
}

function Details({ device, at }: { device: Device; at: string }): JSX.Element {
  const when = (time: string | null) => (
    <span title={time ?? undefined}>{time === null ? text.details.never : timeNear(time, at)}</span>
  );
  return (
    <div class="device-more">
      <Facts>
        <Fact name={text.details.name}>
          <Copyable value={device.device} label={text.copyName} />
        </Fact>
        <Fact name={text.details.topic}>
          <Copyable value={device.topic} label={text.copyTopic} />
        </Fact>
        <Fact name={text.details.lastSeen}>{when(device.last_seen)}</Fact>
        <Fact name={text.details.firstSeen}>{when(device.first_seen)}</Fact>
        <Fact name={text.details.messages}>{count(device.messages)}</Fact>
      </Facts>
      <pre class="payload" dir="auto">
        {payloadOf(device.last, true).text || text.empty}
      </pre>
      <p class="device-links">
        <a href={`/data/records${query({ topic: device.topic })}`}>{text.records}</a>
      </p>
    </div>
  );
}

function Row({ device, at }: { device: Device; at: string }): JSX.Element {
  const [open, setOpen] = useState(false);
  const silent = isSilent(device, at);
  return (
    <li data-testid="device">
      <details onToggle={(e) => setOpen(e.currentTarget.open)}>
        <summary>
          <b class="device-name long" title={device.device}>
            <bdi>{device.device}</bdi>
          </b>
          <Status tone={silent ? 'warn' : 'ok'}>{silent ? text.silent : text.talking}</Status>
          <span class="device-seen" title={device.last_seen ?? undefined}>
            {ageText(secondsBetween(device.last_seen, at))}
          </span>
          <span class="device-rate" title={text.messages(device.messages)}>
            {rate(device.rate_per_s)}
          </span>
          <span class="device-last">
            <bdi class="mono long">{payloadOf(device.last).text || text.empty}</bdi>
            <bdi class="quiet mono long">{device.topic}</bdi>
          </span>
        </summary>
        {open && <Details device={device} at={at} />}
      </details>
    </li>
  );
}

function Rows({ list, at }: { list: readonly Device[]; at: string }): JSX.Element {
  return (
    <ul class="devices">
      {list.map((device) => (
        <Row key={device.device} device={device} at={at} />
      ))}
    </ul>
  );
}

/** silent: null while not all are looked at. */
function headline(total: number | null, silent: number | null): string {
  if (total === null) return text.asking;
  if (total === 0) return text.none;
  if (silent === null) return text.known(total);
  return silent > 0 ? text.someSilent(total, silent) : text.allTalk(total);
}

function Nobody({ port }: { port: number }): JSX.Element {
  return (
    <Card title={text.nobody}>
      <p class="quiet">{text.how(port)}</p>
    </Card>
  );
}

/** All that are silent, of however many. */
function Silent({ asked, at }: { asked: Asked<DevicePage>; at: string }): JSX.Element | null {
  if (asked.value === null)
    return asked.error === null ? <p class="quiet">{text.looking}</p> : null;
  const silent = asked.value.devices.filter((device) => isSilent(device, at));
  if (silent.length === 0) return <p class="quiet">{text.noSilent}</p>;
  return (
    <>
      <Rows list={silent.slice(0, ROWS_MAX)} at={at} />
      {silent.length > ROWS_MAX && (
        <p class="quiet below">{text.notShown(silent.length - ROWS_MAX)}</p>
      )}
    </>
  );
}

function useAllOf({ search, silent }: Filter): Asked<DevicePage> {
  const nothing: DevicePage = { devices: [], next: null, total: 0, forgotten: 0 };
  return useAsked(
    () => (silent ? devices.all(search) : Promise.resolve(nothing)),
    silent ? EVERY_ALL_MS : null,
    JSON.stringify([search, silent]),
  );
}

/** Of how many it is known whether they are silent. */
function silentOf(page: DevicePage | null, all: boolean, at: string): number | null {
  if (!page || !all) return null;
  return page.devices.filter((device) => isSilent(device, at)).length;
}

export function Publishing({ state, session }: { state: State; session: Session }): JSX.Element {
  const [filter, choose] = useFilter();
  const paged = usePaged((cursor) => devices.list(filter.search, cursor), EVERY_MS, filter.search);
  const all = useAllOf(filter);
  const { page, asked, number } = paged;
  const looked = filter.silent ? all : asked;
  const whole = filter.search === '' && (filter.silent || (number === 0 && page?.next === null));
  const silent = silentOf(filter.silent ? all.value : page, whole, state.at);
  const total = page?.total ?? null;
  const busy = looked.value === null && looked.error === null;
  return (
    <>
      <Headline
        tone={!total ? 'off' : silent ? 'warn' : 'ok'}
        eyebrow={allTexts.title}
        title={headline(total, silent)}
        detail={page && page.forgotten > 0 ? text.forgotten(page.forgotten) : text.rule}
        actions={<AddLink session={session} />}
      />
      <Trouble asked={looked} />
      {page === null && <Loading asked={asked} />}
      {total === 0 && <Nobody port={state.gateway.field.port} />}
      {page !== null && total !== null && total > 0 && (
        <Card
          title={text.list}
          aside={
            <span class="aside">
              {!filter.silent && text.shown(page.devices.length, total, page.next !== null)}
            </span>
          }
        >
          <div class="inputs tools">
            <Search
              label={text.find}
              value={filter.search}
              onSearch={(search) => choose({ search })}
            />
            <button
              type="button"
              class="button"
              aria-pressed={filter.silent}
              onClick={() => choose({ silent: !filter.silent })}
            >
              {text.silentOnly}
            </button>
          </div>
          <div aria-busy={busy} class={busy ? 'dimmed' : ''}>
            {filter.silent ? (
              <Silent asked={all} at={state.at} />
            ) : page.devices.length === 0 ? (
              <p class="quiet">{text.nothing}</p>
            ) : (
              <Rows list={page.devices} at={state.at} />
            )}
          </div>
          {!filter.silent && <Pager {...paged} />}
        </Card>
      )}
    </>
  );
}

/** What was heard of one, beside its account. */
export function Heard({ name, at }: { name: string; at: string }): JSX.Element {
  const asked = useAsked(() => devices.named(name), EVERY_MS, name);
  const texts = allTexts.account;
  return (
    <Card title={texts.heard}>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {asked.value?.device && <Rows list={[asked.value.device]} at={at} />}
      {asked.value?.device === null && <p class="quiet breaks">{texts.notHeard(name)}</p>}
    </Card>
  );
}
