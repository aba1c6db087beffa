// SPDX-License-Identifier: Apache-2.0
// The way of the data, device to cloud, as a picture: six nodes and the five links between them.
import type { PathName, Service, ServiceName, State, Uplink } from '../api/types';
import { count, countShort, duration, rate, secondsBetween } from '../format/format';
import { pathText as text } from '../text';
import { serviceMark, type Tone, uplinkMark } from './tone';

export interface PathNode {
  id: 'devices' | PathName | 'cloud';
  title: string;
  note: string;
  tone: Tone;
}

export interface PathLink {
  /** flow: something moves. idle: open, nothing to move. cut: nothing gets through. */
  kind: 'flow' | 'idle' | 'cut';
  tone: Tone;
  text: string;
}

export interface Path {
  nodes: PathNode[];
  links: PathLink[];
}

const ORDER: PathName[] = ['broker', 'processor', 'buffer', 'forwarder'];
/** So many messages are under way between two commits without anything being slow. */
const BURST = 100;
const NOT_WORKING: Service['health'][] = ['failed', 'stopped', 'unreachable'];

function place(name: ServiceName): number {
  const at = (ORDER as ServiceName[]).indexOf(name);
  return at < 0 ? ORDER.length : at;
}

/** In the order in which a record meets them; an operator's own ones behind. */
export function inPathOrder(services: readonly Service[]): Service[] {
  return [...services].sort((a, b) => place(a.name) - place(b.name));
}

function works(service: Service | undefined): service is Service {
  return service !== undefined && !NOT_WORKING.includes(service.health);
}

const NOTHING_THERE: PathLink = { kind: 'idle', tone: 'off', text: '' };

function open(perSecond: number): PathLink {
  return { kind: perSecond > 0 ? 'flow' : 'idle', tone: 'ok', text: rate(perSecond) };
}

function cut(tone: Tone, text: string): PathLink {
  return { kind: 'cut', tone, text };
}

function between(from: Service | undefined, to: Service | undefined, perSecond: number): PathLink {
  if (!from || !to) return NOTHING_THERE;
  const culprit = !works(to) ? to : !works(from) ? from : null;
  if (culprit === null) return open(perSecond);
  const tone = serviceMark(culprit).tone === 'bad' ? 'bad' : 'warn';
  return cut(tone, culprit === to && works(from) ? text.waiting : text.nothing);
}

function fromDevices(broker: Service | undefined): PathLink {
  if (!broker) return NOTHING_THERE;
  if (!works(broker)) return cut(serviceMark(broker).tone === 'bad' ? 'bad' : 'warn', text.closed);
  if (broker.numbers['open'] === 0) return cut('warn', text.notLetIn);
  return open(broker.rates.in);
}

function toCloud(forwarder: Service | undefined, uplink: Uplink): PathLink {
  if (!forwarder) return NOTHING_THERE;
  if (!works(forwarder)) return cut('warn', text.nothing);
  switch (uplink.state) {
    case 'away':
      return cut('warn', uplink.last_status ? text.answers(uplink.last_status) : text.noAnswer);
    case 'refused':
      return cut('bad', uplink.last_status ? text.refusedWith(uplink.last_status) : text.refused);
    case 'unset':
      return cut('off', text.notSet);
    case 'unknown':
      return cut('off', text.notKnown);
    default:
      return open(forwarder.rates.out);
  }
}

function serviceNote(service: Service, state: State): string {
  const mark = serviceMark(service);
  if (mark.tone !== 'ok') return mark.word;
  const waiting = service.numbers['waiting'] ?? 0;
  switch (service.name) {
    case 'processor':
      if (waiting > BURST + service.rates.in * 2) return text.behind(countShort(waiting));
      return service.numbers['rules'] ? text.rules(service.numbers['rules']) : mark.word;
    case 'buffer':
      return state.buffer.held ? text.held(countShort(state.buffer.held)) : text.empty;
    case 'forwarder':
      return state.uplink.attempt > 0 ? text.tries(countShort(state.uplink.attempt)) : mark.word;
    default:
      return mark.word;
  }
}

function serviceNode(name: PathName, service: Service | undefined, state: State): PathNode {
  const title = service?.title || name.charAt(0).toUpperCase() + name.slice(1);
  if (!service) return { id: name, title, note: text.notThere, tone: 'off' };
  const holds =
    name === 'buffer' && (state.uplink.state === 'away' || state.uplink.state === 'refused');
  const { tone } = serviceMark(service);
  return {
    id: name,
    title,
    note: serviceNote(service, state),
    tone: tone === 'ok' && holds && state.buffer.held > 0 ? 'warn' : tone,
  };
}

function cloudNode(state: State): PathNode {
  const { uplink } = state;
  const mark = uplinkMark(uplink);
  const ago = secondsBetween(uplink.last_success, state.at);
  const good = uplink.state === 'idle' || uplink.state === 'delivering';
  const note = good && ago !== null ? text.ago(duration(ago)) : mark.word;
  return {
    id: 'cloud',
    title: text.cloud,
    note: ago !== null && ago < 3 && good ? text.receiving : note,
    tone: good ? 'ok' : uplink.state === 'refused' ? 'bad' : 'off',
  };
}

function devicesNode(broker: Service | undefined): PathNode {
  const clients = works(broker) ? (broker.numbers['clients'] ?? 0) : 0;
  const talking = works(broker) && broker.rates.in > 0;
  const note = talking ? text.talking : text.quiet;
  return {
    id: 'devices',
    title: text.devices,
    note: clients > 0 ? text.connected(count(clients)) : note,
    tone: talking ? 'ok' : 'off',
  };
}

export function pathOf(state: State): Path {
  const by = new Map(state.services.map((s) => [s.name, s]));
  const [broker, processor, buffer, forwarder] = ORDER.map((name) => by.get(name));
  const waits = ['away', 'refused', 'unset'].includes(state.uplink.state) && state.buffer.held > 0;

  return {
    nodes: [
      devicesNode(broker),
      ...ORDER.map((name) => serviceNode(name, by.get(name), state)),
      cloudNode(state),
    ],
    links: [
      fromDevices(broker),
      between(broker, processor, broker?.rates.out ?? 0),
      between(processor, buffer, processor?.rates.out ?? 0),
      waits && works(buffer) && works(forwarder)
        ? cut('warn', text.waiting)
        : between(buffer, forwarder, state.buffer.out_per_s),
      toCloud(forwarder, state.uplink),
    ],
  };
}
