// SPDX-License-Identifier: Apache-2.0
// A bundle on its way in, in words and figures.
import type { Bundle } from '../api/types';
import { bytesOf } from '../format/format';
import { releases } from '../text';

const text = releases.bundleWords;

/** Of the file: what is not wanted of it counts as come. */
export function bundlePercent({ offset, length }: Bundle): number {
  return length === 0 ? 0 : Math.floor((100 * offset) / length);
}

export function bundleText({ state, name, offset, length }: Bundle): string {
  const how = bytesOf(offset, length);
  if (state === 'head') return text.itsSignatureIsCheckedFirst(how);
  return offset < length
    ? text.eachImageIsCheckedAsIt(name ?? '', how)
    : text.allHasComeAndDockerUnpacks(name ?? '');
}
