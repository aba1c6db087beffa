// SPDX-License-Identifier: Apache-2.0
// How devices get accounts: one by one, or many from a file. A password is shown once.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { accounts } from '../../api/accounts';
import { errorText, isApiError } from '../../api/client';
import type { DeviceAccountSecret, DeviceImport, Gateway } from '../../api/types';
import { publishLine, topicsOf } from '../../derive/account';
import { count } from '../../format/format';
import { Copyable, Notice } from '../../parts/basics';
import { Field } from '../../parts/field';

const PUBLISH = 'sensors/%u/#';

/** What can be known only now. */
export function Secret({
  secret,
  field,
}: {
  secret: DeviceAccountSecret;
  field: Gateway['field'];
}): JSX.Element | null {
  if (secret.password === null) return null;
  const line = publishLine(secret.account, secret.password, field);
  return (
    <div role="status" data-testid="secret">
      <Notice tone="ok" title={`The password of ${secret.account.name}, shown this once:`}>
        <p>
          <Copyable value={secret.password} label="password" />
        </p>
        <p>Try it from another computer:</p>
        <p class="breaks">
          <Copyable value={line} label="command" />
        </p>
      </Notice>
    </div>
  );
}

function Refused({ error }: { error: unknown }): JSX.Element {
  const places = isApiError(error)
    ? (error.errors as readonly { line?: number; column?: number; detail: string }[])
    : [];
  return (
    <div role="alert" data-testid="account-refused">
      <Notice tone="bad" title={errorText(error)}>
        {places.some((place) => place.line) && (
          <ul>
            {places.map(({ line, column, detail }) => (
              <li key={`${line} ${column} ${detail}`} class="breaks">
                Line {line}, column {column}: {detail}
              </li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}

export function AddAccount({
  onAdded,
}: {
  onAdded: (secret: DeviceAccountSecret) => void;
}): JSX.Element {
  const [name, setName] = useState('');
  const [publish, setPublish] = useState(PUBLISH);
  const [subscribe, setSubscribe] = useState('');
  const [description, setDescription] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const text = (value: string, onValue: (value: string) => void, mono = true) => ({
    value,
    class: mono ? 'mono' : '',
    autocapitalize: 'none' as const,
    autocomplete: 'off' as const,
    spellcheck: false,
    onInput: (e: { currentTarget: HTMLInputElement }) => onValue(e.currentTarget.value),
  });
  const add = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const body = {
        name,
        publish: topicsOf(publish),
        subscribe: topicsOf(subscribe),
        description,
      };
      onAdded(await accounts.add(body));
      setName('');
      setDescription('');
    } catch (why) {
      setError(why);
    }
    setBusy(false);
  };
  return (
    <details class="account-form">
      <summary>Add a device</summary>
      <form onSubmit={add} noValidate aria-label="Add a device">
        {error !== null && <Refused error={error} />}
        <Field
          id="account-name"
          label="Name"
          hint="The user name it logs in with: letters, digits, '.', '_' and '-'."
          input={text(name, setName)}
        />
        <Field
          id="account-publish"
          label="May publish to"
          hint="Topics, separated by blanks; %u is the name."
          input={text(publish, setPublish)}
        />
        <Field
          id="account-subscribe"
          label="May subscribe to"
          hint="Empty: nothing."
          input={text(subscribe, setSubscribe)}
        />
        <Field
          id="account-description"
          label="Description"
          input={text(description, setDescription, false)}
        />
        <button type="submit" class="button primary" disabled={busy || !name}>
          {busy ? 'Adding…' : 'Add it'}
        </button>
      </form>
    </details>
  );
}

function Imported({ made }: { made: DeviceImport }): JSX.Element {
  const lines = made.passwords.map(({ name, password }) => `${name},${password}`).join('\n');
  return (
    <div role="status" data-testid="imported">
      <Notice tone="ok" title={`${count(made.imported)} imported.`}>
        {lines && (
          <>
            <p>The passwords that were made, shown this once:</p>
            <textarea
              class="mono"
              readOnly
              rows={6}
              value={`name,password\n${lines}\n`}
              aria-label="Names and passwords"
              onFocus={(e) => e.currentTarget.select()}
            />
          </>
        )}
      </Notice>
    </div>
  );
}

export function ImportAccounts({ onImported }: { onImported: () => void }): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [made, setMade] = useState<DeviceImport | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    if (!file) return;
    setBusy(true);
    setError(null);
    setMade(null);
    try {
      setMade(await accounts.importCsv(file));
      form.current?.reset();
      setFile(null);
      onImported();
    } catch (why) {
      setError(why);
    }
    setBusy(false);
  };
  return (
    <details class="account-form">
      <summary>Import many</summary>
      <form ref={form} onSubmit={send} noValidate aria-label="Import many">
        {error !== null && <Refused error={error} />}
        {made && <Imported made={made} />}
        <div class="field">
          <label for="account-file">CSV file</label>
          <p class="hint breaks" id="account-file-hint">
            name,password,publish,subscribe,description: a device a line. Without a password one is
            made. All of it is taken, or nothing.
          </p>
          <input
            id="account-file"
            type="file"
            accept=".csv,text/csv"
            aria-describedby="account-file-hint"
            onChange={(e) => {
              setFile(e.currentTarget.files?.[0] ?? null);
              setError(null);
            }}
          />
        </div>
        <button type="submit" class="button primary" disabled={busy || !file}>
          {busy ? 'Importing…' : 'Import it'}
        </button>
      </form>
    </details>
  );
}
