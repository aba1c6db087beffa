// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { type AuditQuery, audit } from '../api/access';
import type { AuditEntry } from '../api/types';
import { joined } from '../derive/audit';
import { type Asked, useAsked } from './asked';

const EVERY_MS = 15_000;
const PAGE_SIZE = 100;
const LARGEST_PAGE = 500;

export interface Audit {
  newest: Asked<unknown>;
  entries: readonly AuditEntry[];
  /** Whether there are older ones than are here. */
  more: boolean;
  older: () => Promise<void>;
}

/** The newest entries as they come, and as many older ones as were asked for. */
export function useAudit(filter: AuditQuery): Audit {
  const key = JSON.stringify(filter);
  const [entries, setEntries] = useState<readonly AuditEntry[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const newest = useAsked(() => audit.list(filter, PAGE_SIZE, null), EVERY_MS, key);
  const page = newest.value;
  const held = useRef({ key, entries });
  if (held.current.key === key) held.current.entries = entries;
  useEffect(() => {
    if (!page) return;
    const mine = held.current.key === key;
    const before = mine ? held.current.entries : [];
    const { entries: all, meet } = joined(page.entries, before);
    held.current = { key, entries: all };
    setEntries(all);
    if (before.length === 0 || !meet) setNext(page.next);
  }, [page]);
  const older = async () => {
    const more = await audit.list(filter, LARGEST_PAGE, next);
    const known = new Set(held.current.entries.map(({ id }) => id));
    setEntries([...held.current.entries, ...more.entries.filter(({ id }) => !known.has(id))]);
    setNext(more.next);
  };
  return { newest, entries, more: next !== null, older };
}

/** All that the gateway has kept, the newest first. */
export async function wholeAudit(filter: AuditQuery): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  let cursor: string | null = null;
  do {
    const page = await audit.list(filter, LARGEST_PAGE, cursor);
    all.push(...page.entries);
    cursor = page.next;
  } while (cursor !== null);
  return all;
}
