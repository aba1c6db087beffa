// SPDX-License-Identifier: Apache-2.0
import { PASSWORD_MIN } from './password';

export type ClaimField = 'setup_code' | 'name' | 'password';

const CODE_LENGTH = 12;
const NAME_MAX = 63;

/** "7kq2m9xd4tbf" → "7KQ2-M9XD-4TBF", while it is typed. */
export function formatSetupCode(typed: string): string {
  const code = typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .slice(0, CODE_LENGTH);
  return code.match(/.{1,4}/g)?.join('-') ?? '';
}

/** What is wrong with each field, so far as it can be told before asking the gateway. */
export function claimErrors(
  code: string,
  name: string,
  password: string,
): Partial<Record<ClaimField, string>> {
  const errors: Partial<Record<ClaimField, string>> = {};
  const digits = code.replace(/[^0-9A-Za-z]/g, '').length;
  if (digits === 0)
    errors.setup_code = 'Enter the setup code that the gateway printed when it started';
  else if (digits < CODE_LENGTH)
    errors.setup_code = `The setup code has ${CODE_LENGTH} letters and digits; this one has ${digits}`;
  if (!name) errors.name = 'Enter a name for this gateway';
  else if (name.length > NAME_MAX) errors.name = `The name has at most ${NAME_MAX} characters`;
  else if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(name))
    errors.name =
      'The name has only letters, digits and dashes, and begins and ends with a letter or digit';
  if (!password) errors.password = 'Enter a password';
  else if ([...password].length < PASSWORD_MIN)
    errors.password = `The password needs at least ${PASSWORD_MIN} characters`;
  return errors;
}
