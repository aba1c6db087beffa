// SPDX-License-Identifier: Apache-2.0
// Who publishes, a page of the list at a time.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { type DeviceFilter, devices } from '../../api/devices';
import { query } from '../../api/query';
import type { Device, DevicePage, Session, State } from '../../api/types';
import { ageText, payloadOf } from '../../derive/data';
import { count, rate, secondsBetween, timeNear } from '../../format/format';
import { Headline, Loading, Trouble } from '../../parts/asked';
import { Card, Copyable, Fact, Facts, Status } from '../../parts/basics';
import { Search } from '../../parts/search';
import { useAsked } from '../../state/asked';
import { usePaged } from '../../state/paged';
import { devices as allTexts } from '../../text';
import { AddLink } from './links';
import { Pager } from './pager';

const text = allTexts.publishing;
/** A device is shown as it is now. */
const EVERY_MS = 5000;

/** What is looked for is part of the address. */
function useFilter(): [DeviceFilter, (change: Partial<DeviceFilter>) => void] {
  const { path, query: asked, route } = useLocation();
  const filter = { search: asked['search'] ?? '', quiet: asked['silent'] === '1' };
  return [
    filter,
    (change) => {
      const { search, quiet } = { ...filter, ...change };
      route(path + query({ search, silent: quiet ? '1' : '' }), true);
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
  const silent = device.quiet;
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

function headline(page: DevicePage | null): string {
  if (page === null) return text.asking;
  const { total, quiet: silent } = page;
  if (total === 0) return text.none;
  return silent > 0 ? text.someSilent(total, silent) : text.allTalk(total);
}

function Nobody({ port }: { port: number }): JSX.Element {
  return (
    <Card title={text.nobody}>
      <p class="quiet">{text.how(port)}</p>
    </Card>
  );
}

function nothingFound({ search, quiet }: DeviceFilter): string {
  return quiet && search === '' ? text.noSilent : text.nothing;
}

export function Publishing({ state, session }: { state: State; session: Session }): JSX.Element {
  const [filter, choose] = useFilter();
  const paged = usePaged(
    (cursor) => devices.list(filter, cursor),
    EVERY_MS,
    JSON.stringify(filter),
  );
  const { page, asked } = paged;
  const busy = asked.value === null && asked.error === null;
  const shown = text.shown(page?.devices.length ?? 0, page?.total ?? 0, page?.next != null);
  return (
    <>
      <Headline
        tone={!page?.total ? 'off' : page.quiet > 0 ? 'warn' : 'ok'}
        eyebrow={allTexts.title}
        title={headline(page)}
        detail={page && page.forgotten > 0 ? text.forgotten(page.forgotten) : text.rule}
        actions={<AddLink session={session} />}
      />
      <Trouble asked={asked} />
      {page === null && <Loading asked={asked} />}
      {page?.total === 0 && <Nobody port={state.gateway.field.port} />}
      {page !== null && page.total > 0 && (
        <Card title={text.list} aside={<span class="aside">{shown}</span>}>
          <div class="inputs tools">
            <Search
              label={text.find}
              value={filter.search}
              onSearch={(search) => choose({ search })}
            />
            <button
              type="button"
              class="button"
              aria-pressed={filter.quiet}
              onClick={() => choose({ quiet: !filter.quiet })}
            >
              {text.silentOnly}
            </button>
          </div>
          <div aria-busy={busy} class={busy ? 'dimmed' : ''}>
            {page.devices.length === 0 ? (
              <p class="quiet">{nothingFound(filter)}</p>
            ) : (
              <Rows list={page.devices} at={state.at} />
            )}
          </div>
          <Pager {...paged} />
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
