// SPDX-License-Identifier: Apache-2.0
// The gateway's side of the event stream, as api/events.c has it: numbers, what is kept, and taking up.
import type { StreamEvent } from '../src/derive/events';
import { stateWith } from './fixture';

const KEPT = 8;

export class Gateway {
  private start = 1;
  private changes = 0;
  private at = Date.parse('2026-11-24T03:00:00Z');

  /** The picture of now. */
  get picture(): { id: string; at: string } {
    return { id: this.id(this.changes), at: new Date(this.at).toISOString() };
  }

  private id(n: number): string {
    return `${this.start.toString(16)}-${n}`;
  }

  pass(ms: number): void {
    this.at += ms;
  }

  change(): void {
    this.changes++;
  }

  restart(): void {
    this.start++;
    this.changes = 0;
  }

  /** What a reader hears first who was at lastId, and then at each look. */
  follow(lastId: string): () => StreamEvent[] {
    const { start } = this;
    let told = this.changes;
    const first: StreamEvent[] = [];
    if (lastId) {
      const [theirs = '', n = ''] = lastId.split('-');
      if (theirs === start.toString(16) && Number(n) <= this.changes) told = Number(n);
      else first.push({ id: null, name: 'missed', data: '{"reason":"restarted"}' });
    }
    return () => {
      const events = first.splice(0);
      if (this.changes - told > KEPT) {
        events.push({ id: null, name: 'missed', data: '{"reason":"too_old"}' });
        told = this.changes - KEPT;
      }
      while (told < this.changes) events.push({ id: this.id(++told), name: 'change', data: '{}' });
      const { id, at } = this.picture;
      events.push({ id, name: 'state', data: JSON.stringify(stateWith({ at })) });
      return events;
    };
  }
}
