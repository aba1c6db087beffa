// SPDX-License-Identifier: Apache-2.0
// How numbers and times are written. A non-breaking blank stands between a number and its unit.
export const units = {
  /** Of numbers, and of dates and times. */
  numbers: 'en',
  times: 'en-GB',
  of: (part: string, whole: string) => `${part} of ${whole}`,
  aMinute: (n: string) => `${n}/min`,
  aSecond: (n: string) => `${n}/s`,
  percent: (n: string | number) => `${n}\u00a0%`,
  milliseconds: (n: string) => `${n}\u00a0ms`,
  seconds: (n: string | number) => `${n}\u00a0s`,
  minutes: (n: number) => `${n}\u00a0min`,
  hours: (n: number) => `${n}\u00a0h`,
  days: (n: string) => `${n}\u00a0days`,
  spans: { '10m': '10 min', '6h': '6 h', '3d': '3 days' },
};
