// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { parts } from '../text';

const words = parts.confirm;

interface ConfirmProps {
  title: string;
  confirm: string;
  danger?: boolean;
  /** False while something is still to be typed. */
  ready?: boolean;
  children: ComponentChildren;
  onConfirm: () => void;
  onClose: () => void;
}

/** Says what will happen before it does. Esc and a click beside it mean no. */
export function Confirm(props: ConfirmProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const text = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const decide = (event: Event) => {
    event.preventDefault();
    dialog.current?.close();
    props.onConfirm();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc is the dialog's own key for the same
    <dialog
      ref={dialog}
      aria-labelledby={title}
      aria-describedby={text}
      onClose={props.onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <form class="dialog" method="dialog" onSubmit={decide}>
        <h2 id={title}>{props.title}</h2>
        <div id={text}>{props.children}</div>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>
            {words.cancel}
          </button>
          <button
            type="submit"
            class={`button ${props.danger ? 'danger' : 'primary'}`}
            disabled={props.ready === false}
          >
            {props.confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
