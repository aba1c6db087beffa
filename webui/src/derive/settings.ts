// SPDX-License-Identifier: Apache-2.0
// Settings as people write them, and back as the gateway takes them.
import type { BufferPatch, Config, Rules, WhenFull } from '../api/types';
import { data } from '../text';
import { fromUnit, inUnit, MB, type Unit, wrongNumber } from './units';

const words = data.settingsWords;

const TB = 1e12;
const DAY_S = 86_400;

export interface SettingsForm {
  window_ms: string;
  max_bytes: string;
  max_age_s: string;
  keep_free_bytes: string;
  rated_endurance_bytes: string;
  when_full: WhenFull;
}

type NumberName = Exclude<keyof SettingsForm, 'when_full'>;

/** As api/openapi.yaml has them. */
export const UNITS: Record<NumberName, Unit> = {
  window_ms: { size: 1, min: 0, max: 5000, unit: words.ms },
  max_bytes: { size: MB, min: 16 * MB, max: 1024 ** 4, unit: words.mb },
  max_age_s: { size: DAY_S, min: 0, max: 3650 * DAY_S, unit: words.days },
  keep_free_bytes: { size: MB, min: 0, max: 1024 ** 4, unit: words.mb },
  rated_endurance_bytes: { size: TB, min: 0, max: 1e15, unit: words.tb },
};

const NAMES = Object.keys(UNITS) as NumberName[];

export function formOf({ buffer }: Config): SettingsForm {
  const form = { when_full: buffer.when_full } as SettingsForm;
  for (const name of NAMES) form[name] = inUnit(buffer[name] ?? 0, UNITS[name]);
  return form;
}

export type FormErrors = Partial<Record<keyof SettingsForm, string>>;

/** Only what was changed, so that nothing is rounded that nobody touched. */
export function patchOf(
  form: SettingsForm,
  before: SettingsForm,
): { patch: BufferPatch; errors: FormErrors } {
  const patch: BufferPatch = {};
  const errors: FormErrors = {};
  for (const name of NAMES) {
    if (form[name] === before[name]) continue;
    const error = wrongNumber(form[name], UNITS[name]);
    if (error) errors[name] = error;
    else patch[name] = Math.round(fromUnit(form[name], UNITS[name]));
  }
  if (form.when_full !== before.when_full) patch.when_full = form.when_full;
  return { patch, errors };
}

/** From the pointers of a refusal to the fields of the form; the rest goes above it. */
export function fieldOf(pointer: string): keyof SettingsForm | null {
  const name = pointer.replace(/^\/buffer\//, '');
  return name === 'when_full' || name in UNITS ? (name as keyof SettingsForm) : null;
}

export type ParsedRules = { rules: Rules; error: null } | { rules: null; error: string };

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** The shape is the gateway's to judge; here only whether it is a list in JSON. */
export function parseRules(text: string): ParsedRules {
  if (text.trim() === '') return { rules: [], error: null };
  try {
    const rules: unknown = JSON.parse(text);
    if (Array.isArray(rules)) return { rules: rules as Rules, error: null };
    return { rules: null, error: words.rulesAreAListBeginWith };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const position = /position (\d+)/.exec(why)?.[1];
    const where =
      position && !/line \d/.test(why) ? words.line(lineAt(text, Number(position))) : '';
    return { rules: null, error: words.thisIsNoJson(why, where) };
  }
}
