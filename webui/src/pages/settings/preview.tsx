// SPDX-License-Identifier: Apache-2.0
// What another configuration would change, before it does.
import type { JSX } from 'preact';
import { errorText, isApiError } from '../../api/client';
import type { Effect, RevisionDiff } from '../../api/types';
import { count } from '../../format/format';
import { Notice } from '../../parts/basics';
import { settings } from '../../text';
import { Changes } from './revisions';

const words = settings.configuration;

export interface Proposed {
  changes: RevisionDiff['changes'];
  effects: readonly Effect[];
}

const EFFECT: Record<Effect['how'], string> = {
  live: words.whileItRuns,
  recreate: words.byANewContainer,
};

/** With the place of each thing that is wrong. */
export function NotTaken({ error }: { error: unknown }): JSX.Element | null {
  if (error === null) return null;
  const places = isApiError(error) ? error.errors : [];
  return (
    <div role="alert" data-testid="refused">
      <Notice tone="bad" title={errorText(error)}>
        {places.length > 1 && (
          <ul>
            {places.map(({ pointer, detail }) => (
              <li key={`${pointer} ${detail}`}>
                {pointer && <code>{pointer}</code>} {detail}
              </li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}

export function Preview({
  proposal: { changes, effects },
  none,
  busy,
  onApply,
  onCancel,
}: {
  proposal: Proposed;
  /** What to say where nothing would change. */
  none: string;
  busy: boolean;
  onApply: () => void;
  onCancel: () => void;
}): JSX.Element {
  return (
    <div class="preview" data-testid="preview">
      <h3>
        {changes.length === 0
          ? none
          : changes.length === 1
            ? words.itWouldChangeOneThing
            : words.itWouldChangeThings(count(changes.length))}
      </h3>
      {changes.length > 0 && <Changes changes={changes} omitted={0} />}
      {effects.length > 0 && (
        <ul class="texts">
          {effects.map(({ service, change, how }) => (
            <li key={`${service} ${change}`}>
              <span>
                {service}: {change}, {EFFECT[how]}
              </span>
            </li>
          ))}
        </ul>
      )}
      <div class="inputs">
        {changes.length > 0 && (
          <button type="button" class="button primary" disabled={busy} onClick={onApply}>
            {busy ? words.puttingItInForce : words.putItInForce}
          </button>
        )}
        <button type="button" class="button" disabled={busy} onClick={onCancel}>
          {changes.length > 0 ? words.cancel : words.close}
        </button>
      </div>
    </div>
  );
}
