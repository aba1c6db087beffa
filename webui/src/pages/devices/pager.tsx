// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Paged } from '../../state/paged';
import { devices } from '../../text';

const { pager: text } = devices;

/** Below a list of which one page is shown; nothing where that is all. */
export function Pager<T>({ number, forward, back }: Paged<T>): JSX.Element | null {
  if (number === 0 && !forward) return null;
  return (
    <nav class="pager" aria-label={text.label}>
      <button type="button" class="button" disabled={!back} onClick={() => back?.()}>
        {text.back}
      </button>
      <span class="quiet" aria-live="polite">
        {text.page(number + 1)}
      </span>
      <button type="button" class="button" disabled={!forward} onClick={() => forward?.()}>
        {text.forward}
      </button>
    </nav>
  );
}
