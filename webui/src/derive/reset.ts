// SPDX-License-Identifier: Apache-2.0
import type { Reset } from '../api/types';
import { reset as text } from '../text';

/** What goes in any case, each with how much there is of it. */
export function losses({ removes }: Reset): string[] {
  return [
    text.accounts(removes.accounts),
    ...(removes.tokens > 0 ? [text.tokens(removes.tokens)] : []),
    ...(removes.device_accounts > 0 ? [text.deviceAccounts(removes.device_accounts)] : []),
    text.revisions(removes.revisions),
    text.rest,
  ];
}

/** What becomes of the records with either choice. */
export function recordsText({ records }: Reset): { keep: string; wipe: string } {
  return records === null
    ? { keep: text.keepUnknown, wipe: text.wipeUnknown }
    : { keep: text.keepRecords(records), wipe: text.wipeRecords(records) };
}
