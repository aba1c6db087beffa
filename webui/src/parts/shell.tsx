// SPDX-License-Identifier: Apache-2.0
// What stands around every page: navigation, the state of the connection, what is read out.
import { useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { announcementKey, serviceMark } from '../derive/tone';
import { isUnderWay } from '../derive/upgrade';
import { countShort, duration, timeNear } from '../format/format';
import { connection, retryNow, state } from '../state/live';
import { visitor } from '../state/session';
import { shell } from '../text';
import { focusTitle } from './basics';
import { Icon, type IconName } from './icon';

const text = shell.shell;

function troubled(): { count: number; tone: 'warn' | 'bad' } {
  const marks = (state.value?.services ?? []).map(serviceMark).filter((m) => m.tone !== 'ok');
  return { count: marks.length, tone: marks.some((m) => m.tone === 'bad') ? 'bad' : 'warn' };
}

const REST = ['/devices', '/releases', '/settings', '/account', '/audit'];

function isAdmin(): boolean {
  const who = visitor.value;
  return who.kind === 'member' && who.session.role === 'admin';
}

/** An upgrade does. */
function Moves(): JSX.Element {
  return (
    <span class="count tone-move">
      …<span class="unseen"> {text.anUpgradeIsUnderWay}</span>
    </span>
  );
}

function NavLink({
  href,
  icon,
  title,
  also,
  children,
}: {
  href: string;
  /** Further pages that belong to it. */
  also?: string;
  icon: IconName;
  title: string;
  children?: ComponentChildren;
}): JSX.Element {
  const { path } = useLocation();
  const inside = (place: string) => path === place || path.startsWith(`${place}/`);
  const here = href === '/' ? path === '/' : inside(href) || (also !== undefined && inside(also));
  return (
    <a href={href} aria-current={here ? 'page' : undefined}>
      <Icon name={icon} size={20} />
      <span>{title}</span>
      {children}
    </a>
  );
}

/** On a phone what does not fit stands behind “More”. */
function Rest(): JSX.Element {
  const { path } = useLocation();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const now = state.value;
  const moves = now !== null && isUnderWay(now.upgrade);
  const inside = REST.some((place) => path === place || path.startsWith(`${place}/`));
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('focusin', away);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('focusin', away);
    };
  }, [open]);
  const closeByKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    setOpen(false);
    box.current?.querySelector('button')?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Esc closes what its button has opened
    <div class="nav-rest" ref={box} onKeyDown={closeByKey}>
      <button
        type="button"
        class={inside ? 'nav-more inside' : 'nav-more'}
        aria-expanded={open}
        aria-controls="nav-more"
        onClick={() => setOpen(!open)}
      >
        <Icon name="more" size={20} />
        <span>{text.more}</span>
        {moves && <Moves />}
      </button>
      <div id="nav-more" class={open ? 'open' : ''}>
        <NavLink href="/devices" icon="devices" title={text.devices} />
        <NavLink href="/releases" icon="releases" title={text.releases}>
          {moves && <Moves />}
        </NavLink>
        <NavLink href="/settings" icon="settings" title={text.settings} also="/account" />
        {isAdmin() && <NavLink href="/audit" icon="audit" title={text.audit} />}
      </div>
    </div>
  );
}

function Navigation(): JSX.Element {
  const { count, tone } = troubled();
  const now = state.value;
  const alarms = now?.alarms;
  return (
    <nav class="nav" aria-label={text.pages}>
      <p class="nav-name" title={now?.gateway.name}>
        {now?.gateway.name ?? text.holdfast}
      </p>
      <NavLink href="/" icon="overview" title={text.overview} />
      <NavLink href="/services" icon="services" title={text.services} also="/incidents">
        {count > 0 && (
          <span class={`count tone-${tone}`}>
            {count}
            <span class="unseen"> {text.notHealthy}</span>
          </span>
        )}
      </NavLink>
      <NavLink href="/data" icon="buffer" title={text.data}>
        {(now?.buffer.quarantined ?? 0) > 0 && (
          <span class="count tone-warn">
            {countShort(now?.buffer.quarantined ?? 0)}
            <span class="unseen"> {text.inQuarantine}</span>
          </span>
        )}
      </NavLink>
      <NavLink href="/alarms" icon="alarms" title={text.alarms}>
        {alarms && alarms.unacknowledged > 0 && (
          <span class={`count tone-${alarms.worst ?? 'warn'}`} data-testid="alarm-count">
            {countShort(alarms.unacknowledged)}
            <span class="unseen"> {text.notAcknowledged}</span>
          </span>
        )}
      </NavLink>
      <Rest />
      <p class="nav-foot">
        {now?.release && <span>{text.release(now.release.version)}</span>}
        {now && <span>{text.holdfast2(now.gateway.version)}</span>}
      </p>
    </nav>
  );
}

function useSeconds(running: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

function ConnectionLost(): JSX.Element {
  const now = connection.value;
  const reading = state.value;
  const lost = now.kind === 'lost';
  const time = useSeconds(lost);
  const wait = lost && now.nextTry !== null ? Math.ceil((now.nextTry - time) / 1000) : 0;
  const here = new Date(time).toISOString();
  return (
    <section class={lost ? 'lost' : ''} aria-label={text.connection}>
      <div role="status">
        {lost && (
          <>
            <strong>{text.connectionLost}</strong>{' '}
            {reading ? text.dataOf(timeNear(reading.at, here)) : text.nothingHasComeYet}
          </>
        )}
      </div>
      {lost && (
        <>
          <span class="lost-next">
            {wait > 0 ? text.nextTryIn(duration(wait)) : text.tryingAgain}
          </span>
          <button type="button" class="button" onClick={retryNow}>
            {text.tryNow}
          </button>
        </>
      )}
    </section>
  );
}

/** Tells a screen reader when the state becomes another one, not when a number counts on. */
function Announcer(): JSX.Element {
  const spoken = useSignal('');
  const key = useRef('');
  useSignalEffect(() => {
    const sentence = state.value?.sentence;
    if (!sentence) return;
    const now = announcementKey(sentence);
    if (now === key.current) return;
    key.current = now;
    spoken.value = `${sentence.eyebrow}. ${sentence.title}`;
  });
  return (
    <div class="unseen" role="status" aria-live="polite">
      {spoken}
    </div>
  );
}

function useFocusOnNewPage(path: string): void {
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) {
      window.scrollTo(0, 0);
      focusTitle();
    }
    first.current = false;
  }, [path]);
}

/** Whoever points at a link is about to follow it. */
function linkUnder(event: Event): string | null {
  const link = event.target instanceof Element ? event.target.closest('a[href^="/"]') : null;
  return link instanceof HTMLAnchorElement && !link.download ? link.pathname : null;
}

export function Shell({
  onPointed,
  children,
}: {
  /** Is told the address of a page that may be asked for next. */
  onPointed: (path: string) => void;
  children: ComponentChildren;
}): JSX.Element {
  const { path } = useLocation();
  const point = (event: Event) => {
    const next = linkUnder(event);
    if (next !== null) onPointed(next);
  };
  const stale = connection.value.kind === 'lost';
  useFocusOnNewPage(path);
  return (
    <div class="shell" onPointerOver={point} onFocusIn={point}>
      <a class="skip" href="#content">
        {text.skipToTheContent}
      </a>
      <Navigation />
      <div class="page">
        <ConnectionLost />
        <Announcer />
        <main id="content" tabIndex={-1} class={stale ? 'stale' : ''} data-stale={stale}>
          {children}
        </main>
      </div>
    </div>
  );
}
