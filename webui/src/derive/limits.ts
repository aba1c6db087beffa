// SPDX-License-Identifier: Apache-2.0
// The limits of a service as people write them, and back as the gateway takes them.
import type { Effect, Limits, LimitsPatch } from '../api/types';
import { service as serviceText } from '../text';
import { fromUnit, inUnit, MB, type Unit, wrongNumber } from './units';

const words = serviceText.limitsWords;

export type LimitName = keyof LimitsPatch;
export type LimitsForm = Partial<Record<LimitName, string>>;
export type LimitErrors = Partial<Record<LimitName, string>>;

const TB = 1024 * 1024 * MB;

/** As api/openapi.yaml has them, so far as it does; what this machine takes is the gateway's to say. */
export const LIMIT_UNITS: Record<LimitName, Unit> = {
  memory_bytes: { size: MB, min: 8 * MB, max: TB, unit: words.mb },
  memory_reservation_bytes: { size: MB, min: MB, max: TB, unit: words.mb },
  cpus: { size: 1, min: 0.05, max: 256, unit: words.cores },
  pids: { size: 1, min: 4, max: 32_768, unit: '' },
  io_weight: { size: 1, min: 10, max: 1000, unit: '' },
  log_bytes: { size: MB, min: (3 * MB) / 16, max: TB, unit: words.mb },
};

export const LIMIT_NAMES = Object.keys(LIMIT_UNITS) as LimitName[];

/** Without what this host does not have. */
export function limitsForm(limits: Limits): LimitsForm {
  const form: LimitsForm = {};
  for (const name of LIMIT_NAMES) {
    const value = limits[name];
    if (value !== null && value !== undefined) form[name] = inUnit(value, LIMIT_UNITS[name]);
  }
  return form;
}

/** Only what was changed, so that nothing is rounded that nobody touched. */
export function limitsPatch(
  form: LimitsForm,
  before: LimitsForm,
): { patch: LimitsPatch; errors: LimitErrors } {
  const patch: LimitsPatch = {};
  const errors: LimitErrors = {};
  for (const name of LIMIT_NAMES) {
    const text = form[name];
    if (text === undefined || text === before[name]) continue;
    const error = wrongNumber(text, LIMIT_UNITS[name]);
    const value = fromUnit(text, LIMIT_UNITS[name]);
    if (error) errors[name] = error;
    else patch[name] = name === 'cpus' ? value : Math.round(value);
  }
  return { patch, errors };
}

/** From the pointer of a refusal to the field of the form; null where it is about none of them. */
export function limitOf(pointer: string, service: string): LimitName | null {
  const name = pointer.replace(`/limits/${service}/`, '');
  return name in LIMIT_UNITS ? (name as LimitName) : null;
}

/** What becomes of a running service. */
export function howText({ how }: Effect): string {
  return how === 'live' ? words.atOnceItRunsOn : words.byANewContainerItIs;
}
