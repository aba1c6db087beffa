// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Tone } from '../derive/tone';
import { shell } from '../text';
import { Icon } from './icon';

const text = shell.basics;

/** A state: a dot for the glance, a word for the meaning. */
export function Status({
  tone,
  children,
}: {
  tone: Tone;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <span class={`status tone-${tone}`}>
      <span class="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** Beside the name of a service that is not one of the gateway's. */
export function OwnMark(): JSX.Element {
  return (
    <span class="tag" title={text.aServiceOfYourOwnFrom}>
      {text.own}
    </span>
  );
}

interface CardProps {
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Card({ title, aside, children, class: more = '' }: CardProps): JSX.Element {
  return (
    <section class={`card ${more}`} aria-label={title}>
      <header class="card-head">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Part of a whole. label names it where no text beside it does. */
export function Bar({ part, label }: { part: number; label: string }): JSX.Element {
  const percent = Math.min(100, Math.max(0, part * 100));
  const tone = percent >= 95 ? 'bad' : percent >= 80 ? 'warn' : 'plain';
  return (
    <span class={`bar bar-${tone}`} role="img" aria-label={`${label}: ${Math.round(percent)} %`}>
      <i style={{ width: `${percent > 0 ? Math.max(percent, 1.5) : 0}%` }} />
    </span>
  );
}

const COPIED_MS = 2000;

/** A value to carry elsewhere: shown whole or shortened, copied whole. */
export function Copyable({
  value,
  shown = value,
  label,
}: {
  value: string;
  shown?: ComponentChildren;
  label: string;
}): JSX.Element {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <span class="copyable">
      <code title={value}>{shown}</code>
      <button
        type="button"
        class="icon-button"
        onClick={copy}
        aria-label={text.copy(label)}
        title={text.copy2}
      >
        <Icon name={copied ? 'check' : 'copy'} size={16} />
      </button>
      <span class="unseen" role="status">
        {copied ? text.copied : ''}
      </span>
    </span>
  );
}

/** Something to know that does not go away by itself. */
export function Notice({
  tone,
  title,
  children,
}: {
  tone: Tone;
  title: string;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class={`notice tone-${tone}`}>
      <strong>{title}</strong>
      {children && <div class="notice-text">{children}</div>}
    </div>
  );
}

/** The page's head line; takes the focus when the page is entered from another one. */
export function Title({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <h1 tabIndex={-1} data-page-title>
      {children}
    </h1>
  );
}

export function focusTitle(): void {
  document.querySelector<HTMLElement>('[data-page-title]')?.focus({ preventScroll: true });
}

export function Facts({ children }: { children: ComponentChildren }): JSX.Element {
  return <dl class="facts">{children}</dl>;
}

export function Fact({
  name,
  children,
}: {
  name: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
