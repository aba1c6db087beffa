// SPDX-License-Identifier: Apache-2.0
/** What is empty or null is left out. A blank is %20: a plus is one in forms only (RFC 3986). */
export function query(values: Record<string, string | number | null>): string {
  const given = Object.entries(values).filter(([, value]) => value !== '' && value !== null);
  if (given.length === 0) return '';
  const pairs = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return `?${String(pairs).replaceAll('+', '%20')}`;
}
