// SPDX-License-Identifier: Apache-2.0
// What the gateway wrote into the page of who has a session (index.html): it stands there until a State comes.
import { signal } from '@preact/signals';
import type { Sentence } from '../api/types';

export const first = signal<Sentence | null>(null);

const textOf = (place: Element, selector: string) =>
  place.querySelector(selector)?.textContent?.trim() ?? '';

/** root: where the program will be, with what is in it before. */
export function readFirst(root: Element | null): void {
  const place = root?.querySelector<HTMLElement>('.headline');
  const level = place?.dataset['level'];
  first.value = place
    ? {
        level: level === 'warn' || level === 'bad' ? level : 'ok',
        eyebrow: textOf(place, '.eyebrow'),
        title: textOf(place, 'h1'),
        detail: textOf(place, '.sub'),
      }
    : null;
}
