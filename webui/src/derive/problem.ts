// SPDX-License-Identifier: Apache-2.0
// What the gateway refused, field by field.
import { errorText, isApiError } from '../api/client';

export interface Refusal<Name extends string> {
  fields: Partial<Record<Name, string>>;
  /** What belongs to none of the fields; null where all does. */
  rest: unknown;
}

export const NOT_REFUSED: Refusal<never> = { fields: {}, rest: null };

function withoutPlace(detail: string, pointer: string): string {
  return detail.startsWith(`${pointer}: `) ? detail.slice(pointer.length + 2) : detail;
}

/** names: the members of the body that was sent, each of which has a field of that name. */
export function refusalOf<Name extends string>(
  error: unknown,
  names: readonly Name[],
): Refusal<Name> {
  const fields: Refusal<Name>['fields'] = {};
  if (isApiError(error))
    for (const { pointer, detail } of error.errors) {
      const name = names.find((one) => pointer === `/${one}`);
      if (name) fields[name] = errorText(withoutPlace(detail, pointer)).replace(/\.$/, '');
    }
  return { fields, rest: Object.keys(fields).length > 0 ? null : error };
}
