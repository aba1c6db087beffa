// SPDX-License-Identifier: Apache-2.0
// How releases are applied, as people write it, and back as the gateway takes it.
import type { Config, UpgradePatch } from '../api/types';
import { releases } from '../text';
import { fromUnit, inUnit, type Unit, wrongNumber } from './units';

const text = releases.upgradeSettingsWords;

export type UpgradeNumber = Exclude<keyof UpgradePatch, 'freeze' | 'windows'>;
export type UpgradeForm = Record<UpgradeNumber, string>;
export type UpgradeErrors = Partial<UpgradeForm>;

/** As api/openapi.yaml has them. */
export const UPGRADE_UNITS: Record<UpgradeNumber, Unit> = {
  gate_s: { size: 1, min: 1, max: 86_400, unit: text.s },
  switch_s: { size: 1, min: 10, max: 3600, unit: text.s },
  max_backlog: { size: 1, min: 0, max: 1e12, unit: '' },
  busy_wait_s: { size: 1, min: 0, max: 86_400, unit: text.s },
  config_gate_s: { size: 1, min: 0, max: 86_400, unit: text.s },
};

export const UPGRADE_NUMBERS = Object.keys(UPGRADE_UNITS) as UpgradeNumber[];

export function upgradeForm({ upgrade }: Config): UpgradeForm {
  const form = {} as UpgradeForm;
  for (const name of UPGRADE_NUMBERS) form[name] = inUnit(upgrade[name] ?? 0, UPGRADE_UNITS[name]);
  return form;
}

/** Only what was changed. */
export function upgradePatch(
  form: UpgradeForm,
  before: UpgradeForm,
): { patch: UpgradePatch; errors: UpgradeErrors } {
  const patch: UpgradePatch = {};
  const errors: UpgradeErrors = {};
  for (const name of UPGRADE_NUMBERS) {
    if (form[name] === before[name]) continue;
    const error = wrongNumber(form[name], UPGRADE_UNITS[name]);
    if (error) errors[name] = error;
    else patch[name] = Math.round(fromUnit(form[name], UPGRADE_UNITS[name]));
  }
  return { patch, errors };
}
