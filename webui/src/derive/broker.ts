// SPDX-License-Identifier: Apache-2.0
// Who may come to the broker, as a form has it, and back as the gateway takes it.
import type { BrokerPatch, Config } from '../api/types';
import { devices } from '../text';
import { fromUnit, inUnit, type Unit, wrongNumber } from './units';

const text = devices.access;

export interface AccessForm {
  tls: NonNullable<BrokerPatch['tls']>;
  anonymous: boolean;
  max_devices: string;
  max_device_sessions: string;
  session_days: string;
}

type NumberName = Exclude<keyof AccessForm, 'tls' | 'anonymous'>;

/** As api/openapi.yaml has them. */
const UNITS: Record<NumberName, Unit> = {
  max_devices: { size: 1, min: 1, max: 10_000, unit: text.devices },
  max_device_sessions: { size: 1, min: 0, max: 100_000, unit: text.sessions },
  session_days: { size: 1, min: 7, max: 3650, unit: text.days },
};

export const NUMBERS = Object.keys(UNITS) as NumberName[];

export function accessOf({ broker }: Config): AccessForm {
  const form = { tls: broker.tls, anonymous: broker.anonymous } as AccessForm;
  for (const name of NUMBERS) form[name] = inUnit(broker[name] ?? 0, UNITS[name]);
  return form;
}

export type AccessErrors = Partial<Record<keyof AccessForm, string>>;

/** Only what was changed. */
export function brokerPatch(
  form: AccessForm,
  before: AccessForm,
): { patch: BrokerPatch; errors: AccessErrors } {
  const patch: BrokerPatch = {};
  const errors: AccessErrors = {};
  if (form.tls !== before.tls) patch.tls = form.tls;
  if (form.anonymous !== before.anonymous) patch.anonymous = form.anonymous;
  for (const name of NUMBERS) {
    if (form[name] === before[name]) continue;
    const error = wrongNumber(form[name], UNITS[name]);
    if (error) errors[name] = error;
    else patch[name] = Math.round(fromUnit(form[name], UNITS[name]));
  }
  return { patch, errors };
}

/** From the pointer of a refusal to the field of the form. */
export function accessField(pointer: string): keyof AccessForm | null {
  const name = pointer.replace(/^\/broker\//, '');
  return name === 'tls' || name === 'anonymous' || name in UNITS
    ? (name as keyof AccessForm)
    : null;
}
