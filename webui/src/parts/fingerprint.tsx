// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';

const PAIRS_IN_GROUP = 4;

/** In groups, so that two people can read it to each other. */
export function Fingerprint({ value }: { value: string }): JSX.Element {
  const [kind, hex] = value.includes(':')
    ? [value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1)]
    : ['', value];
  const pairs = hex.split(':');
  const groups = Array.from({ length: Math.ceil(pairs.length / PAIRS_IN_GROUP) }, (_, i) =>
    pairs.slice(i * PAIRS_IN_GROUP, (i + 1) * PAIRS_IN_GROUP).join(':'),
  );
  return (
    <div class="fingerprint" data-testid="fingerprint">
      {kind && <span class="quiet">{kind}</span>}
      <code>
        {groups.map((group, i) => (
          <span key={group}>{i < groups.length - 1 ? `${group}:` : group}</span>
        ))}
      </code>
    </div>
  );
}
