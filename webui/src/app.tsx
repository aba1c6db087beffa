// SPDX-License-Identifier: Apache-2.0
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { LocationProvider, useLocation } from 'preact-iso';
import { errorText } from './api/client';
import type { ClaimState, Sentence, Session, State } from './api/types';
import { serviceOf } from './derive/address';
import { Claim } from './pages/claim';
import { pageOf } from './pages/lazy';
import { Login } from './pages/login';
import { Overview } from './pages/overview';
import { Notice, Status, Title } from './parts/basics';
import { Door } from './parts/door';
import { Shell } from './parts/shell';
import { first } from './state/first';
import { forget, startLive, state } from './state/live';
import { decide, waiting } from './state/prove';
import { findOut, followOthers, visitor } from './state/session';
import { setupText, shell } from './text';

const text = shell.app;

/** As it is in index.html. */
function FirstSentence({ sentence }: { sentence: Sentence }): JSX.Element {
  return (
    <header class="headline">
      <p class="eyebrow">
        <Status tone={sentence.level}>{sentence.eyebrow}</Status>
      </p>
      <h1>{sentence.title}</h1>
      <p class="sub">{sentence.detail}</p>
    </header>
  );
}

/** Stands where the first reading will be; seen only where that takes long. */
function Waiting({ isOverview }: { isOverview: boolean }): JSX.Element {
  const sentence = isOverview ? first.value : null;
  return (
    <>
      {sentence && <FirstSentence sentence={sentence} />}
      <div class="waiting" aria-busy="true">
        {!sentence && (
          <>
            <h1 class="unseen">{text.waitingForTheFirstReading}</h1>
            <div class="block line-short" />
            <div class="block line-long" />
          </>
        )}
        <div class="block path-block" />
        <div class="block tall-block" />
      </div>
    </>
  );
}

function NoPage(): JSX.Element {
  return (
    <header class="headline">
      <Title>{text.thereIsNoSuchPage}</Title>
      <p class="sub">
        <a href="/">{text.goToTheOverview}</a>
      </p>
    </header>
  );
}

const TITLES: Record<string, string> = {
  account: text.settings,
  alarms: text.alarms,
  audit: text.audit,
  data: text.data,
  devices: text.devices,
  incidents: text.incidents,
  releases: text.releases,
  services: text.services,
  settings: text.settings,
  setup: setupText.page,
};

function pageTitle(path: string, now: State | null): string {
  const name = now?.gateway.name ?? text.holdfast;
  if (path === '/') return now ? `${now.sentence.eyebrow} · ${name}` : name;
  const service = now?.services.find((s) => s.name === serviceOf(path));
  return `${service?.title ?? TITLES[path.split('/')[1] ?? ''] ?? text.holdfast} · ${name}`;
}

function Page({ path, now, session }: { path: string; now: State; session: Session }): JSX.Element {
  if (path === '/') return <Overview state={now} session={session} />;
  const Other = pageOf(path);
  return Other ? <Other state={now} session={session} path={path} /> : <NoPage />;
}

/** The form comes when it is needed. Where it does not, the request is left refused. */
function Proof(): JSX.Element | null {
  const [form, setForm] = useState<{ Prove: FunctionComponent<{ done: typeof decide }> }>();
  useEffect(() => {
    import('./parts/prove').then(setForm, () => decide(false));
  }, []);
  return form ? <form.Prove done={decide} /> : null;
}

/** active: the session holds. session: null while it is not known whose it is. */
function Member({ session, active }: { session: Session | null; active: boolean }): JSX.Element {
  const { path } = useLocation();
  const now = state.value;
  useEffect(() => forget, []);
  useEffect(() => (active ? startLive() : undefined), [active]);
  const title = pageTitle(path, now);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <Shell onPointed={(next) => pageOf(next)?.fetchAhead()}>
        {now && session ? (
          <Page path={path} now={now} session={session} />
        ) : (
          <Waiting isOverview={path === '/'} />
        )}
      </Shell>
      {waiting.value && <Proof />}
    </>
  );
}

/** Lies over what somebody was at when the session ended: it is there again afterwards, with all that was typed. */
function LoginAgain({ claim }: { claim: ClaimState }): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    const stay = () => dialog?.showModal();
    stay();
    dialog?.addEventListener('close', stay);
    return () => {
      dialog?.removeEventListener('close', stay);
      dialog?.close(); // gives the focus back
    };
  }, []);
  return (
    <dialog class="again" ref={box} aria-label={claim.name} onCancel={(e) => e.preventDefault()}>
      <Login claim={claim} why="expired" />
    </dialog>
  );
}

/** Whoever has a session, or had it until it ended; null for nobody. */
function useLastSession(): Session | null {
  const who = visitor.value;
  const last = useRef<Session | null>(null);
  if (who.kind === 'member') last.current = who.session;
  else if (who.kind !== 'stranger' || who.why !== 'expired') last.current = null;
  return last.current;
}

/** Another one with another user, so that nothing of the one before stays; the same once it is known who was expected. */
function useTurn(session: Session | null): number {
  const last = useRef({ user: '', turn: 0 });
  const { user, turn } = last.current;
  if (session && session.user !== user)
    last.current = { user: session.user, turn: user === '' ? turn : turn + 1 };
  return last.current.turn;
}

function Gate(): JSX.Element | null {
  const who = visitor.value;
  const session = useLastSession();
  const turn = useTurn(session);
  // The gateway has told what only members are told.
  const expected = who.kind === 'unknown' && (first.value !== null || state.value !== null);
  useEffect(() => {
    if (who.kind === 'unclaimed' || who.kind === 'stranger') document.title = who.claim.name;
  }, [who]);
  if (session || expected)
    return (
      <>
        <Member key={turn} session={session} active={expected || who.kind === 'member'} />
        {who.kind === 'stranger' && <LoginAgain claim={who.claim} />}
      </>
    );
  switch (who.kind) {
    case 'unclaimed':
      return <Claim claim={who.claim} />;
    case 'stranger':
      return <Login claim={who.claim} why={who.why} />;
    case 'away':
      return (
        <Door>
          <h1>{text.theGatewayDoesNotAnswer}</h1>
          <p class="sub">{text.thisPageTriesAgainEveryFew}</p>
          <div role="alert">
            <Notice tone="warn" title={errorText(who.error)}>
              {text.isTheBoxOnAndAre}
            </Notice>
          </div>
        </Door>
      );
    default:
      return null;
  }
}

export function App(): JSX.Element {
  useEffect(() => {
    void findOut();
    return followOthers();
  }, []);
  return (
    <LocationProvider>
      <Gate />
    </LocationProvider>
  );
}
