// SPDX-License-Identifier: Apache-2.0
// What an account of a device says: topics as they are typed and meant, and by what it proves itself.
import type { DeviceAccount } from '../api/types';

type Named = Pick<DeviceAccount, 'name' | 'publish'>;

/** A topic that the account may publish to; null where it may not publish at all. */
export function sampleTopic({ name, publish: [first] }: Named): string | null {
  if (first === undefined) return null;
  return inFull(first, name)
    .split('/')
    .map((level) => (level === '+' ? 'any' : level === '#' ? 'test' : level))
    .join('/');
}

/** A topic template with the name in it. */
export function inFull(template: string, name: string): string {
  return template.replaceAll('%u', () => name);
}

/** Topics as somebody types them, separated by blanks. */
export function topicsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
