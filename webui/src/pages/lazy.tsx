// SPDX-License-Identifier: Apache-2.0
// Pages that come when they are first looked at, or a little before: a first visit does not wait for them.
import { signal } from '@preact/signals';
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { focusTitle, Status, Title } from '../parts/basics';
import { mendStyles, reloadIfAnother, reloadIfServed } from '../state/program';
import { shell } from '../text';
import type { PageProps } from './props';

const text = shell.lazy;

const AGAIN_MS = 500;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Loaded<P> =
  | { kind: 'not yet' }
  | { kind: 'failed' }
  | { kind: 'here'; Page: FunctionComponent<P> };

type Lazy<P> = FunctionComponent<P> & { fetchAhead: () => void };

function DidNotCome({ again }: { again: () => Promise<void> }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [tries, setTries] = useState(0);
  const tryAgain = async () => {
    setBusy(true);
    await again();
    setTries(tries + 1);
    setBusy(false);
  };
  return (
    <div class="headline" role="alert" data-testid="did-not-come">
      <p class="eyebrow">
        <Status tone="warn">{tries > 0 ? text.stillNoAnswer : text.noAnswer}</Status>
      </p>
      <Title>{text.thisPageDidNotCome}</Title>
      <p class="sub">{text.isTheBoxOnAndAre}</p>
      <p class="try-again">
        <button
          type="button"
          class="button primary"
          disabled={busy}
          onClick={() => void tryAgain()}
        >
          {busy ? text.trying : text.tryAgain}
        </button>
      </p>
    </div>
  );
}

function OnItsWay(): JSX.Element {
  return (
    <div class="waiting" aria-busy="true">
      <h1 class="unseen">{text.loading}</h1>
      <div class="block line-short" />
      <div class="block line-long" />
      <div class="block tall-block" />
    </div>
  );
}

function lazy<P>(load: () => Promise<FunctionComponent<P>>): Lazy<P> {
  const loaded = signal<Loaded<P>>({ kind: 'not yet' });
  let underWay: Promise<boolean> | null = null;
  let failed = false;
  const fetchPage = () => {
    underWay ??= (failed ? mendStyles() : Promise.resolve()).then(load).then(
      (Page) => {
        loaded.value = { kind: 'here', Page };
        return true;
      },
      () => {
        underWay = null;
        failed = true;
        return false;
      },
    );
    return underWay;
  };
  /** Asks once more: a browser breaks off what it is loading when the network changes under it. */
  const fetchTwice = async () => {
    if (await fetchPage()) return true;
    await pause(AGAIN_MS);
    return fetchPage();
  };
  const fetchOrSay = async () => {
    if (!(await fetchTwice()) && !(await reloadIfAnother())) loaded.value = { kind: 'failed' };
  };
  /** A browser may remember that an import failed: where the gateway answers, a new page asks again. */
  const again = async () => {
    if (!(await fetchPage())) await reloadIfServed();
  };
  const Page: Lazy<P> = (props) => {
    const now = loaded.value;
    const waited = useRef(false);
    useEffect(() => {
      if (loaded.peek().kind !== 'here') void fetchOrSay();
    }, []);
    // Whoever follows a link with the keyboard goes on at the head of the page, also where it takes its time.
    useEffect(() => {
      if (now.kind === 'here' && waited.current) focusTitle();
      waited.current = now.kind !== 'here';
    }, [now.kind]);
    if (now.kind === 'here') return <now.Page {...props} />;
    return now.kind === 'failed' ? <DidNotCome again={again} /> : <OnItsWay />;
  };
  Page.fetchAhead = () => void fetchPage();
  return Page;
}

const Services = lazy(async () => (await import('./services')).ServicesPage);
const Service = lazy(async () => (await import('./service/pages')).ServicePages);
const Data = lazy(async () => (await import('./data/pages')).DataPages);
const Devices = lazy(async () => (await import('./devices/pages')).DevicePages);
const Releases = lazy(async () => (await import('./releases/pages')).ReleasePages);
const Alarms = lazy(async () => (await import('./alarms/page')).AlarmsPage);
const Settings = lazy(async () => (await import('./settings/pages')).SettingsPages);
const Setup = lazy(async () => (await import('./setup/page')).SetupPage);
const Audit = lazy(async () => (await import('./settings/audit')).AuditPage);

const PAGES: [address: RegExp, Lazy<PageProps>][] = [
  [/^\/services\/?$/, Services],
  [/^\/(services\/|incidents(\/|$))/, Service],
  [/^\/data(\/|$)/, Data],
  [/^\/devices(\/|$)/, Devices],
  [/^\/releases(\/|$)/, Releases],
  [/^\/alarms\/?$/, Alarms],
  [/^\/(settings|account)(\/|$)/, Settings],
  [/^\/audit\/?$/, Audit],
  [/^\/setup\/?$/, Setup],
];

/** The page of an address that is not the overview's. */
export function pageOf(path: string): Lazy<PageProps> | undefined {
  return PAGES.find(([address]) => address.test(path))?.[1];
}
