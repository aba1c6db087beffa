// SPDX-License-Identifier: Apache-2.0
// The upgrade under way in a few words, for every page; what the Releases page alone says is in release.ts.
import type { ServiceName, State, Upgrade } from '../api/types';
import { duration } from '../format/format';
import { shell } from '../text';

const text = shell.upgradeWords;

export type TitleOf = (service: ServiceName) => string;

export function titlesOf({ services }: State): TitleOf {
  return (name) => services.find((s) => s.name === name)?.title ?? name;
}

export function isUnderWay(upgrade: Upgrade): boolean {
  return upgrade.started !== null && upgrade.finished === null;
}

/** A person gave it up: nothing had failed. */
export function isGivenUp(reason: string): boolean {
  return reason.startsWith('given up by ');
}

/** The service whose switch something holds up; null where nothing does. */
export function heldService({ state, waiting, services }: Upgrade): ServiceName | null {
  if (waiting === '' || (state !== 'verified' && state !== 'switching')) return null;
  if (services.some((s) => s.state === 'switching')) return null;
  return services.find((s) => s.state === 'waiting')?.service ?? null;
}

function switchText(upgrade: Upgrade, titleOf: TitleOf): string {
  const held = heldService(upgrade);
  if (held !== null) return text.waitsToSwitch(titleOf(held));
  const now = upgrade.services.find((s) => s.state === 'switching');
  return now ? text.switching(titleOf(now.service)) : text.readyToSwitch;
}

/** "Watching it, 42 s to go" */
export function stageText(upgrade: Upgrade, titleOf: TitleOf): string {
  const { state, pull, gate, from } = upgrade;
  switch (state) {
    case 'idle':
      return text.noneYet;
    case 'planned':
      return text.beginning;
    case 'pulling':
      return pull ? text.fetchingImageOf(pull.number, pull.of) : text.fetchingItsImages;
    case 'installing':
      return text.installingHoldfastd;
    case 'verified':
    case 'switching':
      return switchText(upgrade, titleOf);
    case 'gating':
      return gate ? text.watchingItToGo(duration(gate.remaining_s)) : text.watchingIt;
    case 'rolling_back':
      return text.goingBackTo(from?.name ?? '');
    case 'committed':
      return text.kept;
    case 'rolled_back':
      return isGivenUp(upgrade.reason) ? text.givenUp : text.rolledBack;
  }
}
