// SPDX-License-Identifier: Apache-2.0
// Many accounts from one file. Passwords that were made are shown once.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { accounts } from '../../api/accounts';
import { errorText, isApiError } from '../../api/client';
import type { DeviceImport, Session, State } from '../../api/types';
import { Headline, mayAdminister } from '../../parts/asked';
import { Card, Notice } from '../../parts/basics';
import { dayOf, saveFile } from '../../parts/save';
import { devices as allTexts } from '../../text';

const text = allTexts.import;

function NotTaken({ error }: { error: unknown }): JSX.Element {
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
                {text.place(line ?? 1, column ?? 1, detail)}
              </li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}

function Imported({ made, at }: { made: DeviceImport; at: string }): JSX.Element {
  const lines = made.passwords.map(({ name, password }) => `${name},${password}`);
  const csv = `name,password\n${lines.join('\n')}\n`;
  return (
    <div role="status" data-testid="imported">
      <Notice tone="ok" title={text.done(made.imported)}>
        {lines.length > 0 && (
          <>
            <p>{text.passwords}</p>
            <textarea
              class="mono"
              readOnly
              rows={6}
              value={csv}
              aria-label={text.label}
              onFocus={(e) => e.currentTarget.select()}
            />
            <button
              type="button"
              class="button"
              onClick={() => saveFile(`${text.fileName}-${dayOf(at)}.csv`, 'text/csv', csv)}
            >
              {text.save}
            </button>
          </>
        )}
      </Notice>
    </div>
  );
}

function ImportForm({ at }: { at: string }): JSX.Element {
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
    } catch (why) {
      setError(why);
    }
    setBusy(false);
  };
  return (
    <Card title={text.card}>
      {error !== null && <NotTaken error={error} />}
      {made && <Imported made={made} at={at} />}
      <form ref={form} onSubmit={send} noValidate aria-label={allTexts.importMany}>
        <div class="field">
          <label for="account-file">{text.file}</label>
          <p class="hint" id="account-file-hint">
            {text.hint}
            <code class="breaks csv-head">{text.columns}</code>
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
          {busy ? text.sending : text.send}
        </button>
      </form>
    </Card>
  );
}

export function Import({ state, session }: { state: State; session: Session }): JSX.Element {
  return (
    <>
      <Headline
        tone="off"
        eyebrow={text.eyebrow}
        title={text.title}
        detail={text.detail}
        crumb={{ href: '/devices/accounts', title: allTexts.account.back }}
      />
      {mayAdminister(session) ? (
        <ImportForm at={state.at} />
      ) : (
        <Notice tone="off" title={text.onlyAdmin} />
      )}
    </>
  );
}
