// SPDX-License-Identifier: Apache-2.0
import { claimText } from '../text';
import { PASSWORD_MIN } from './password';

const { wrong } = claimText;

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
  if (digits === 0) errors.setup_code = wrong.noCode;
  else if (digits < CODE_LENGTH) errors.setup_code = wrong.codeLength(CODE_LENGTH, digits);
  if (!name) errors.name = wrong.noName;
  else if (name.length > NAME_MAX) errors.name = wrong.nameLength(NAME_MAX);
  else if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(name)) errors.name = wrong.nameLetters;
  if (!password) errors.password = wrong.noPassword;
  else if ([...password].length < PASSWORD_MIN)
    errors.password = wrong.passwordLength(PASSWORD_MIN);
  return errors;
}
