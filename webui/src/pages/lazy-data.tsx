// SPDX-License-Identifier: Apache-2.0
// The pages of the record path come when they are first looked at: a first visit does not wait for them.
import { signal } from '@preact/signals';
import type { FunctionComponent, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Session, State } from '../api/types';
import { Notice } from '../parts/basics';

export interface DataProps {
  state: State;
  session: Session;
  path: string;
}

type Loaded =
  | { kind: 'not yet' }
  | { kind: 'failed' }
  | { kind: 'here'; Pages: FunctionComponent<DataProps> };

const loaded = signal<Loaded>({ kind: 'not yet' });

async function load(): Promise<void> {
  try {
    const { DataPages } = await import('./data/pages');
    loaded.value = { kind: 'here', Pages: DataPages };
  } catch {
    loaded.value = { kind: 'failed' };
  }
}

export function LazyData(props: DataProps): JSX.Element {
  const now = loaded.value;
  useEffect(() => {
    if (loaded.peek().kind !== 'here') void load();
  }, []);
  switch (now.kind) {
    case 'here':
      return <now.Pages {...props} />;
    case 'failed':
      return (
        <div role="alert">
          <h1 class="unseen">This page did not come</h1>
          <Notice tone="warn" title="This page did not come.">
            <p>The gateway may be away, or has been upgraded since this tab was opened.</p>
            {/* A browser remembers that an import failed: only a new page asks again. */}
            <button type="button" class="button" onClick={() => location.reload()}>
              Load again
            </button>
          </Notice>
        </div>
      );
    default:
      return (
        <div class="waiting" aria-busy="true">
          <h1 class="unseen">Loading</h1>
          <div class="block line-short" />
          <div class="block line-long" />
          <div class="block tall-block" />
        </div>
      );
  }
}
