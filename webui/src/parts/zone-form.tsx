// SPDX-License-Identifier: Apache-2.0
// The machine's time zone, and where it has the time from.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { network } from '../api/network';
import type { Network } from '../api/types';
import { refusedFields, timeOf, timeZones, zoneHere } from '../derive/network';
import { useDeed } from '../state/deed';
import { networkText as text } from '../text';
import { Outcome } from './asked';
import { Field } from './field';
import { plain } from './form';

/** withServers: not in setup, where the system's own will do. */
export function ZoneForm({
  now,
  withServers,
  onSet,
}: {
  now: Network;
  withServers: boolean;
  onSet: () => void;
}): JSX.Element {
  const [zone, setZone] = useState(now.time?.zone ?? zoneHere());
  const [servers, setServers] = useState((now.time?.servers ?? []).join(' '));
  const deed = useDeed();
  const wrong = refusedFields(deed.error);
  const rest = Object.keys(wrong).length > 0 ? null : deed.error;
  const set = (event: Event) => {
    event.preventDefault();
    void deed.run(async () => {
      await network.change(timeOf(zone, withServers ? servers : null));
      onSet();
      return text.saved;
    });
  };
  return (
    <form onSubmit={set} noValidate aria-label={text.time}>
      <Outcome text={deed.text} error={rest} />
      <div class={wrong['zone'] ? 'field has-error' : 'field'}>
        <label for="zone">{text.zone}</label>
        <p class="hint" id="zone-hint">
          {text.zoneHint}
        </p>
        {wrong['zone'] && <p class="error-text">{wrong['zone']}.</p>}
        <div class="field-row">
          <select
            id="zone"
            aria-describedby="zone-hint"
            value={zone}
            onChange={(e) => setZone(e.currentTarget.value)}
          >
            {[...new Set([zone, ...timeZones()])].map((one) => (
              <option value={one} key={one}>
                {one}
              </option>
            ))}
          </select>
        </div>
      </div>
      {withServers && (
        <Field
          id="servers"
          label={text.servers}
          hint={text.serversHint}
          error={wrong['servers']}
          input={plain(servers, setServers)}
        />
      )}
      <button type="submit" class="button" disabled={deed.busy}>
        {deed.busy ? text.saving : text.save}
      </button>
    </form>
  );
}
