// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { data } from '../../api/data';
import type { Device, DevicePage, Session, State } from '../../api/types';
import { ageText, isSilent, payloadOf } from '../../derive/data';
import { count, countShort, rate, secondsBetween } from '../../format/format';
import { Headline, Loading, Trouble } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import { useAsked } from '../../state/asked';
import { Accounts } from './accounts';

const EVERY_MS = 5000;

/** All that are shown are asked for anew: an old reading would look like a silent device. */
async function loadPages(pages: number): Promise<DevicePage> {
  let whole = await data.devices(null);
  for (let i = 1; i < pages && whole.next !== null; i++) {
    const more = await data.devices(whole.next);
    const known = new Set(whole.devices.map((d) => d.device));
    const others = more.devices.filter((d) => !known.has(d.device));
    whole = { ...more, devices: [...whole.devices, ...others] };
  }
  return whole;
}

/** silent: null while not all are looked at. */
function headline(page: DevicePage | null, silent: number | null): string {
  if (!page) return 'Who publishes here.';
  if (page.total === 0) return 'No device has published yet.';
  const devices = page.total === 1 ? '1 device' : `${count(page.total)} devices`;
  if (silent === null) return `${devices}.`;
  return silent
    ? `${devices}, ${count(silent)} of them silent.`
    : `${devices}, all of them talking.`;
}

function Row({ device, at }: { device: Device; at: string }): JSX.Element {
  const silent = isSilent(device, at);
  const last = payloadOf(device.last);
  return (
    <li data-testid="device">
      <b class="device-name breaks">{device.device}</b>
      <Status tone={silent ? 'warn' : 'ok'}>{silent ? 'silent' : 'talking'}</Status>
      <span class="device-seen" title={device.last_seen ?? undefined}>
        {ageText(secondsBetween(device.last_seen, at))}
      </span>
      <span class="device-rate" title={`${count(device.messages)} messages`}>
        {rate(device.rate_per_s)}
      </span>
      <span class="device-last">
        <span class="mono long" title={last.text}>
          {last.text || '–'}
        </span>
        <span class="quiet mono long" title={device.topic}>
          {device.topic}
        </span>
      </span>
    </li>
  );
}

export function Devices({ state, session }: { state: State; session: Session }): JSX.Element {
  const pages = useRef(1);
  const asked = useAsked(() => loadPages(pages.current), EVERY_MS);
  const [find, setFind] = useState('');
  const [onlySilent, setOnlySilent] = useState(false);
  const page = asked.value;
  const devices = page?.devices ?? [];
  const next = page?.next ?? null;
  const silent = devices.filter((d) => isSilent(d, state.at));
  const word = find.trim().toLowerCase();
  const shown = (onlySilent ? silent : devices).filter(
    (d) => d.device.toLowerCase().includes(word) || d.topic.toLowerCase().includes(word),
  );
  const more = () => {
    pages.current++;
    void asked.again();
  };
  return (
    <>
      <Headline
        tone={!page || page.total === 0 ? 'off' : silent.length ? 'warn' : 'ok'}
        eyebrow="Devices"
        title={headline(page, next === null ? silent.length : null)}
        detail={
          page && page.forgotten > 0
            ? `${count(page.forgotten)} more were forgotten, the longest silent first: there is room for 10,000.`
            : 'Since the processor started. A device is silent when it misses five of its own intervals.'
        }
      />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {page && page.total === 0 && (
        <Card title="Nobody yet">
          <p class="quiet">
            Point a device at this gateway by MQTT, port {state.gateway.field.port}. Which part of a
            topic names the device is set in the configuration.
          </p>
        </Card>
      )}
      {devices.length > 0 && (
        <Card
          title="Who publishes"
          aside={
            <span class="aside">
              {count(devices.length)} of {count(page?.total ?? 0)}
            </span>
          }
        >
          <div class="inputs tools">
            <label class="grow">
              <span class="unseen">Find a device or topic</span>
              <input
                type="search"
                value={find}
                placeholder="Find a device or topic"
                onInput={(e) => setFind(e.currentTarget.value)}
              />
            </label>
            <button
              type="button"
              class="button"
              aria-pressed={onlySilent}
              onClick={() => setOnlySilent(!onlySilent)}
            >
              Silent only ({countShort(silent.length)})
            </button>
          </div>
          {shown.length === 0 ? (
            <p class="quiet">No device here is like that.</p>
          ) : (
            <ul class="devices">
              {shown.map((device) => (
                <Row key={device.device} device={device} at={state.at} />
              ))}
            </ul>
          )}
          {next !== null && (
            <button type="button" class="button more" onClick={() => more()}>
              Load more
            </button>
          )}
        </Card>
      )}
      <Accounts field={state.gateway.field} session={session} />
    </>
  );
}
