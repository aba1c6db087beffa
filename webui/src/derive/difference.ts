// SPDX-License-Identifier: Apache-2.0
// How two configurations differ, as the gateway tells it of two revisions.
import type { RevisionDiff } from '../api/types';
import { settings } from '../text';

const words = settings.differenceWords;

type Change = RevisionDiff['changes'][number];
type Members = Record<string, unknown>;

const SECRET = '***';

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** RFC 6901. */
function below(path: string, name: string | number): string {
  return `${path}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function namesOf(before: Members, after: Members): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

/** Elements of lists are compared by their places. */
export function differences(before: unknown, after: unknown, path = ''): Change[] {
  if (isMembers(before) && isMembers(after))
    return namesOf(before, after).flatMap((name) =>
      differences(before[name], after[name], below(path, name)),
    );
  if (Array.isArray(before) && Array.isArray(after))
    return Array.from({ length: Math.max(before.length, after.length) }, (_, i) =>
      differences(before[i], after[i], below(path, i)),
    ).flat();
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ path, before: before ?? null, after: after ?? null }];
}

/** Secrets that are written out where a configuration has one already: neither value is ever shown. */
export function secretsWritten(before: unknown, file: unknown, path = ''): Change[] {
  if (before === SECRET && typeof file === 'string' && file !== SECRET)
    return [{ path, before: SECRET, after: SECRET }];
  if (isMembers(before) && isMembers(file))
    return Object.keys(file).flatMap((name) =>
      secretsWritten(before[name], file[name], below(path, name)),
    );
  if (Array.isArray(before) && Array.isArray(file))
    return file.flatMap((one, i) => secretsWritten(before[i], one, below(path, i)));
  return [];
}

/** The text of a file as a configuration; what is wrong with it otherwise. */
export function configFrom(text: string): { document: Members } | { error: string } {
  try {
    const document: unknown = JSON.parse(text);
    return isMembers(document) ? { document } : { error: words.thisIsNoConfigurationItBegins };
  } catch (error) {
    return { error: words.thisIsNoJson(error instanceof Error ? error.message : String(error)) };
  }
}
