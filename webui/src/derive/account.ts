// SPDX-License-Identifier: Apache-2.0
// What a device is told to do with its account.
import type { DeviceAccount } from '../api/types';

/** A topic that the account may publish to. */
export function sampleTopic({ name, publish }: Pick<DeviceAccount, 'name' | 'publish'>): string {
  return (publish[0] ?? `sensors/${name}`)
    .replaceAll('%u', name)
    .split('/')
    .map((level) => (level === '+' ? 'any' : level === '#' ? 'test' : level))
    .join('/');
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A line for a shell that publishes one value. */
export function publishLine(
  account: Pick<DeviceAccount, 'name' | 'publish'>,
  password: string,
  field: { address: string; port: number },
): string {
  return [
    `mosquitto_pub -h ${quoted(field.address)} -p ${field.port} -i ${account.name} -u ${account.name}`,
    `-P ${quoted(password)} -q 1 -t ${quoted(sampleTopic(account))} -m 21.5`,
  ].join(' ');
}

/** Topics as somebody types them, separated by blanks. */
export function topicsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
