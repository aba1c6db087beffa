// SPDX-License-Identifier: Apache-2.0
// What claim and login share: one form, one column, one thing to do.
import type { ComponentChildren, JSX } from 'preact';
import { shell } from '../text';

const text = shell.door;

export function Door({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <main class="door">
      <p class="brand">
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M10 8v16M22 8v16M10 16h12" />
        </svg>
        {text.holdfast}
      </p>
      {children}
    </main>
  );
}
