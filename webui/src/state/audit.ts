// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks';
import { audit } from '../api/access';
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
export function useAudit(): Audit {
  const [entries, setEntries] = useState<readonly AuditEntry[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const newest = useAsked(() => audit.list(PAGE_SIZE, null), EVERY_MS);
  const page = newest.value;
  const held = useRef(entries);
  held.current = entries;
  useEffect(() => {
    if (!page) return;
    const first = held.current.length === 0;
    const { entries: all, meet } = joined(page.entries, held.current);
    setEntries(all);
    if (first || !meet) setNext(page.next);
  }, [page]);
  const older = async () => {
    const more = await audit.list(LARGEST_PAGE, next);
    const known = new Set(held.current.map(({ id }) => id));
    setEntries([...held.current, ...more.entries.filter(({ id }) => !known.has(id))]);
    setNext(more.next);
  };
  return { newest, entries, more: next !== null, older };
}

/** All that the gateway has kept, the newest first. */
export async function wholeAudit(): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  let cursor: string | null = null;
  do {
    const page = await audit.list(LARGEST_PAGE, cursor);
    all.push(...page.entries);
    cursor = page.next;
  } while (cursor !== null);
  return all;
}
