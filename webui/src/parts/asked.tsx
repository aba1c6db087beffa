// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { errorText, isApiError } from '../api/client';
import type { Session } from '../api/types';
import type { Tone } from '../derive/tone';
import type { Asked } from '../state/asked';
import { parts } from '../text';
import { Notice, Status, Title } from './basics';

const words = parts.asked;

export function mayOperate({ role }: Session): boolean {
  return role !== 'viewer';
}

export function mayAdminister({ role }: Session): boolean {
  return role === 'admin';
}

export function Headline({
  tone,
  eyebrow,
  title,
  detail,
  crumb,
  actions,
}: {
  tone: Tone;
  eyebrow: string;
  title: ComponentChildren;
  detail: ComponentChildren;
  /** The list that it is from. */
  crumb?: { href: string; title: string };
  /** What can be done here, beside it. */
  actions?: ComponentChildren;
}): JSX.Element {
  const line = (
    <>
      {crumb && (
        <p class="crumbs">
          <a href={crumb.href}>{crumb.title}</a>
        </p>
      )}
      <p class="eyebrow">
        <Status tone={tone}>{eyebrow}</Status>
      </p>
      <Title>{title}</Title>
      {detail && <p class="sub">{detail}</p>}
    </>
  );
  return (
    <header
      class={actions ? 'headline with-actions' : 'headline'}
      data-testid="answer"
      data-tone={tone}
    >
      {actions ? <div>{line}</div> : line}
      {actions}
    </header>
  );
}

/** Why an answer did not come, beside what came before it. */
export function Trouble<T>({ asked }: { asked: Asked<T> }): JSX.Element | null {
  if (asked.error === null) return null;
  const away = isApiError(asked.error, 503) || isApiError(asked.error, 504);
  return (
    <div role="alert" data-testid="trouble">
      <Notice tone={away ? 'warn' : 'bad'} title={errorText(asked.error)}>
        {asked.value !== null && words.whatIsShownHereIsOlder}
        <button type="button" class="button" onClick={() => void asked.again()}>
          {words.tryAgain}
        </button>
      </Notice>
    </div>
  );
}

export function Loading<T>({ asked }: { asked: Asked<T> }): JSX.Element | null {
  if (asked.value !== null || asked.error !== null) return null;
  return (
    <div class="waiting" aria-busy="true">
      <p class="unseen">{words.askingTheGateway}</p>
      <div class="block line-long" />
      <div class="block data-block" />
    </div>
  );
}

/** What came of the last thing that was done; read out. */
export function Outcome({ text, error }: { text: string; error: unknown }): JSX.Element {
  return (
    <div role="status">
      {error !== null && <p class="error-text">{errorText(error)}</p>}
      {error === null && text && <p class="done">{text}</p>}
    </div>
  );
}

/** Wide tables move on their own on a phone; the page does not. */
export function Table({
  label,
  head,
  children,
}: {
  label: string;
  head: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard
    <section class="table-box" aria-label={label} tabIndex={0}>
      <table class="table">
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
