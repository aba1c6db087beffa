// SPDX-License-Identifier: Apache-2.0
// Any setting as something that can be typed, and back as the gateway takes it.
import { parts } from '../text';
import { fromUnit, inUnit, MB, type Unit, wrongNumber } from './units';

const words = parts.settingWords;

export type Kind =
  | 'switch'
  | 'choice'
  | 'number'
  /** Two thresholds. */
  | 'pair'
  | 'text'
  /** Of more than one line. */
  | 'lines'
  /** A list of texts, each a line. */
  | 'texts'
  /** The gateway shows only whether there is one. */
  | 'secret'
  | 'json';

/** As scripts/settings.mjs finds it in the contract. */
export interface Setting {
  path: readonly string[];
  kind: Kind;
  min?: number;
  max?: number;
  values?: readonly string[];
  /** Without it there is none of what it belongs to. */
  holds?: boolean;
}

type Members = Record<string, unknown>;
/** By idOf(). */
export type Typed = Record<string, string>;

export const idOf = ({ path }: Setting) => path.join('.');

const MEASURES: [end: string, size: number, unit: string][] = [
  ['_bytes_per_s', 1024, words.kilobytesASecond],
  ['_bytes_per_day', 1e9, words.gigabytesADay],
  ['_bytes', MB, words.megabytes],
  ['_ms', 1, words.milliseconds],
  ['_s', 1, words.seconds],
  ['_hours', 1, words.hours],
  ['_days', 1, words.days],
  ['_percent', 1, words.percent],
  ['_c', 1, words.degrees],
];

export function unitOf({ path, min = 0, max = Number.MAX_SAFE_INTEGER }: Setting): Unit {
  const name = path.at(-1) ?? '';
  const [, size = 1, unit = ''] = MEASURES.find(([end]) => name.endsWith(end)) ?? [];
  return { size, min, max, unit };
}

function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? (at as Members)[name] : undefined),
    config,
  );
}

/** Of a secret nothing is shown. */
export function typedOf(setting: Setting, config: unknown): string {
  const value = valueAt(config, setting.path);
  switch (setting.kind) {
    case 'number':
      return typeof value === 'number' ? inUnit(value, unitOf(setting)) : '';
    case 'pair':
      return Array.isArray(value)
        ? value.map((one) => inUnit(Number(one), unitOf(setting))).join(' ')
        : '';
    case 'texts':
      return Array.isArray(value) ? value.join('\n') : '';
    case 'json':
      return value === undefined || value === null ? '' : JSON.stringify(value, null, 2);
    case 'secret':
      return '';
    default:
      return value === undefined || value === null ? '' : String(value);
  }
}

/** Whether there is one already. */
export function isSecretSet(setting: Setting, config: unknown): boolean {
  return Boolean(valueAt(config, setting.path));
}

class Wrong extends Error {}

function numberOf(setting: Setting, text: string): number {
  const unit = unitOf(setting);
  const wrong = wrongNumber(text, unit);
  if (wrong) throw new Wrong(wrong);
  return Math.round(fromUnit(text, unit));
}

function jsonOf(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Wrong(words.isNoJson(error instanceof Error ? error.message : String(error)));
  }
}

function meantBy(setting: Setting, text: string): unknown {
  switch (setting.kind) {
    case 'switch':
      return text === 'true';
    case 'number':
      return numberOf(setting, text);
    case 'pair': {
      const both = text.trim().split(/\s+/);
      if (both.length !== 2) throw new Wrong(words.areTwoNumbers);
      return both.map((one) => numberOf(setting, one));
    }
    case 'texts':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
    case 'json':
      return jsonOf(text);
    case 'choice':
      return text === '' ? null : text;
    default:
      return text;
  }
}

function put(patch: Members, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) patch[name] = value;
  else if (patch[name] !== null) {
    const inside = (patch[name] ?? {}) as Members;
    patch[name] = inside;
    put(inside, rest, value);
  }
}

/** What was typed as a merge patch (RFC 7396), with what is wrong, by setting. */
export function settingsPatch(
  settings: readonly Setting[],
  typed: Typed,
): { patch: Members; errors: Typed } {
  const patch: Members = {};
  const errors: Typed = {};
  for (const setting of settings) {
    const id = idOf(setting);
    const text = typed[id];
    if (text === undefined) continue;
    try {
      if (setting.holds && text.trim() === '') put(patch, setting.path.slice(0, -1), null);
      else put(patch, setting.path, meantBy(setting, text));
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      errors[id] = error.message;
    }
  }
  return { patch, errors };
}

/** The setting that a pointer (RFC 6901) of a refusal lies in. */
export function settingAt(settings: readonly Setting[], pointer: string): Setting | undefined {
  return settings.find(({ path }) => `${pointer}/`.startsWith(`/${path.join('/')}/`));
}
