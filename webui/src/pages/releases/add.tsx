// SPDX-License-Identifier: Apache-2.0
// A release comes by its file, and the signature beside it.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { errorText, isApiError } from '../../api/client';
import { releases } from '../../api/releases';
import { Card, Notice } from '../../parts/basics';
import { releases as releasesText } from '../../text';

const words = releasesText.add;

function FileField({
  id,
  label,
  hint,
  accept,
  onChange,
}: {
  id: string;
  label: string;
  hint: string;
  accept: string;
  onChange: (file: File | null) => void;
}): JSX.Element {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <input
        id={id}
        type="file"
        accept={accept}
        aria-describedby={`${id}-hint`}
        onChange={(e) => onChange(e.currentTarget.files?.[0] ?? null)}
      />
    </div>
  );
}

function Refused({ error }: { error: unknown }): JSX.Element {
  const errors = isApiError(error) ? error.errors : [];
  return (
    <div role="alert" data-testid="refused">
      <Notice tone="bad" title={errorText(error)}>
        {errors.length > 1 && (
          <ul>
            {errors.map(({ pointer, detail }) => (
              <li key={`${pointer} ${detail}`} class="breaks">
                {detail}
              </li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}

export function AddCard(): JSX.Element {
  const { route } = useLocation();
  const form = useRef<HTMLFormElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [signature, setSignature] = useState<File | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const add = async (event: Event) => {
    event.preventDefault();
    if (!file) return;
    setBusy(true);
    setError(null);
    try {
      const known = await releases.add(await file.text(), (await signature?.text()) ?? null);
      form.current?.reset();
      route(`/releases/${known.id}`);
    } catch (why) {
      setError(why);
    }
    setBusy(false);
  };
  return (
    <Card title={words.addARelease}>
      <form ref={form} class="add-form" onSubmit={add} noValidate aria-label={words.addARelease}>
        {error !== null && <Refused error={error} />}
        <FileField
          id="release-file"
          label={words.releaseFile}
          hint={words.namesTheImagesEachPinnedBy}
          accept=".json,application/json"
          onChange={(chosen) => {
            setFile(chosen);
            setError(null);
          }}
        />
        <FileField
          id="release-signature"
          label={words.signature}
          hint={words.theMinisigFileBesideItWhere}
          accept=".minisig"
          onChange={setSignature}
        />
        <button type="submit" class="button primary" disabled={busy || !file}>
          {busy ? words.adding : words.addIt}
        </button>
      </form>
    </Card>
  );
}
