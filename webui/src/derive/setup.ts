// SPDX-License-Identifier: Apache-2.0
// What the form of a first uplink means.
import type { Config, Sink, SinkTest, State } from '../api/types';
import { type StepName, setupText } from '../text';

export type SinkSettings = Config['sinks'][number];

export interface UplinkForm {
  url: string;
  token: string;
  user: string;
  password: string;
  ca_pem: string;
}

export const NO_UPLINK: UplinkForm = { url: '', token: '', user: '', password: '', ca_pem: '' };
export const UPLINK_FIELDS = ['url', 'token', 'user', 'password', 'ca_pem'] as const;

const NAME = 'uplink';

export function isMqtt(url: string): boolean {
  return /^mqtts?:/i.test(url.trim());
}

export function uplinkErrors({ url }: UplinkForm): Partial<Record<keyof UplinkForm, string>> {
  if (!url.trim()) return { url: setupText.urlMissing };
  return /^(https?|mqtts?):\/\//i.test(url.trim()) ? {} : { url: setupText.urlWrong };
}

function given(members: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ''));
}

/** The sink that the form describes; what is empty is not there. */
export function sinkOf(form: UplinkForm): SinkSettings {
  const url = form.url.trim();
  const ca_pem = form.ca_pem.trim() && `${form.ca_pem.trim()}\n`;
  return isMqtt(url)
    ? { name: NAME, type: 'mqtt', url, ...given({ ...only(form, 'user', 'password'), ca_pem }) }
    : { name: NAME, type: 'https', url, ...given({ ...only(form, 'token'), ca_pem }) };
}

function only(form: UplinkForm, ...names: (keyof UplinkForm)[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, form[name].trim()]));
}

/** All sinks, with this one in the place of the one of its name. */
export function withSink(sinks: readonly SinkSettings[], sink: SinkSettings): SinkSettings[] {
  const known = sinks.some(({ name }) => name === sink.name);
  return known ? sinks.map((one) => (one.name === sink.name ? sink : one)) : [...sinks, sink];
}

export function uplinkOf(sinks: readonly Sink[]): Sink | undefined {
  return sinks.find(({ sink }) => sink === NAME) ?? sinks[0];
}

export interface Stage {
  step: StepName;
  state: 'done' | 'failed' | 'trying' | 'unreached';
  ms: number | null;
  detail: string;
}

const STEPS: StepName[] = ['resolve', 'connect', 'tls', 'auth', 'send'];

/** All stages of a test, of which only the tried ones have an outcome; null: it is under way. */
export function stagesOf(test: SinkTest | null): Stage[] {
  return STEPS.map((name) => {
    const tried = test?.steps.find(({ step }) => step === name);
    if (!tried) return { step: name, state: test ? 'unreached' : 'trying', ms: null, detail: '' };
    return {
      step: name,
      state: tried.ok ? 'done' : 'failed',
      ms: tried.ms,
      detail: tried.detail,
    };
  });
}

export function isFree(test: SinkTest): boolean {
  return test.steps.length > 0 && test.steps.every(({ ok }) => ok);
}

/** How far the first message of a device is. */
export interface First {
  /** Records that the processor has made. */
  taken: number;
  arrived: boolean;
}

/** What the buffer had accepted before the first message, and a newer count that may have it in it. */
export interface Baseline {
  before: number | null;
  newer: number;
  since_ms: number;
}

export const NO_BASELINE: Baseline = { before: null, newer: -1, since_ms: 0 };

/** The buffer may have told of a message that the processor, every two seconds, has not told of yet. */
const TOLD_BY_ALL_MS = 5000;

/** While no device has sent anything. */
export function baselineOf(last: Baseline, accepted: number, now_ms: number): Baseline {
  if (last.before === null) return { before: accepted, newer: accepted, since_ms: now_ms };
  if (accepted !== last.newer) return { ...last, newer: accepted, since_ms: now_ms };
  return now_ms - last.since_ms < TOLD_BY_ALL_MS ? last : { ...last, before: accepted };
}

/** before: what the buffer had accepted when no device had sent anything yet, since the gateway tells of its
 * own alarms too; null where that was not seen. */
export function firstOf({ services, buffer }: State, before: number | null): First {
  const out = services.find(({ name }) => name === 'processor')?.numbers['out'];
  const taken = out ?? Math.max(0, buffer.accepted - (before ?? 0));
  return { taken, arrived: taken > 0 && buffer.delivered > (before ?? 0) };
}
