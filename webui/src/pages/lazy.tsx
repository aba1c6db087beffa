// SPDX-License-Identifier: Apache-2.0
// Pages that come when they are first looked at: a first visit does not wait for them.
import { signal } from '@preact/signals';
import type { FunctionComponent, JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Notice } from '../parts/basics';
import type { PageProps } from './props';

type Page = FunctionComponent<PageProps>;
type Loaded = { kind: 'not yet' } | { kind: 'failed' } | { kind: 'here'; Page: Page };

function DidNotCome(): JSX.Element {
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
}

function OnItsWay(): JSX.Element {
  return (
    <div class="waiting" aria-busy="true">
      <h1 class="unseen">Loading</h1>
      <div class="block line-short" />
      <div class="block line-long" />
      <div class="block tall-block" />
    </div>
  );
}

function lazy(load: () => Promise<Page>): Page {
  const loaded = signal<Loaded>({ kind: 'not yet' });
  const start = () =>
    load().then(
      (Page) => {
        loaded.value = { kind: 'here', Page };
      },
      () => {
        loaded.value = { kind: 'failed' };
      },
    );
  return (props) => {
    const now = loaded.value;
    useEffect(() => {
      if (loaded.peek().kind !== 'here') void start();
    }, []);
    if (now.kind === 'here') return <now.Page {...props} />;
    return now.kind === 'failed' ? <DidNotCome /> : <OnItsWay />;
  };
}

export const Data = lazy(async () => (await import('./data/pages')).DataPages);
export const Service = lazy(async () => (await import('./service/pages')).ServicePages);
export const Alarms = lazy(async () => (await import('./alarms/page')).AlarmsPage);
export const Releases = lazy(async () => (await import('./releases/pages')).ReleasePages);
