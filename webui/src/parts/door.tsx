// SPDX-License-Identifier: Apache-2.0
// What claim and login share: one form, one column, one thing to do.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

export function Door({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <main class="door">
      <p class="brand">
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M10 8v16M22 8v16M10 16h12" />
        </svg>
        Holdfast
      </p>
      {children}
    </main>
  );
}

/** Counts down the seconds in which the gateway takes no further attempt. */
export function useThrottle(): [number, (seconds: number) => void] {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (until <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  const start = (seconds: number) => {
    setNow(Date.now());
    setUntil(Date.now() + seconds * 1000);
  };
  return [Math.max(0, Math.ceil((until - now) / 1000)), start];
}

export function focusFirstError(form: HTMLFormElement): void {
  requestAnimationFrame(() =>
    form.querySelector<HTMLElement>('[aria-invalid="true"], [data-form-problem]')?.focus(),
  );
}
