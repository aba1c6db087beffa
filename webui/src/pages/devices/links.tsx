// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import type { Session } from '../../api/types';
import { mayAdminister } from '../../parts/asked';
import { devices as text } from '../../text';

/** For who may. */
export function AddLink({ session }: { session: Session }): JSX.Element | null {
  if (!mayAdminister(session)) return null;
  return (
    <p class="actions">
      <a class="button" href="/devices/import">
        {text.importMany}
      </a>
      <a class="button primary" href="/devices/add">
        {text.addOne}
      </a>
    </p>
  );
}
