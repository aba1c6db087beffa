// SPDX-License-Identifier: Apache-2.0
// A release with its images in one file, for a gateway that reaches no registry.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { bundles, isComing } from '../../api/bundle';
import { errorText } from '../../api/client';
import type { Bundle } from '../../api/types';
import { bundlePercent, bundleText } from '../../derive/bundle';
import { sentence } from '../../derive/incident';
import { Card, Notice } from '../../parts/basics';
import { useAsked } from '../../state/asked';
import { releases } from '../../text';

const text = releases.bundle;

const EVERY_MS = 5_000;

function Progress({ bundle }: { bundle: Bundle }): JSX.Element {
  return (
    <div class="bundle-progress" data-testid="bundle-progress" data-state={bundle.state}>
      <p class="quiet breaks" role="status">
        {bundleText(bundle)}
      </p>
      <progress max={100} value={bundlePercent(bundle)} aria-label={text.progressOfTheBundle} />
    </div>
  );
}

export function BundleCard({ onTaken }: { onTaken: () => void }): JSX.Element {
  const asked = useAsked(bundles.look, EVERY_MS);
  const [file, setFile] = useState<File | null>(null);
  const [mine, setMine] = useState<Bundle | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const bundle = busy ? (mine ?? asked.value) : asked.value;
  const coming = bundle !== null && isComing(bundle);

  // While it is sent from this page, leaving the page breaks it off.
  useEffect(() => {
    if (!busy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [busy]);

  const upload = async (event: Event) => {
    event.preventDefault();
    if (!file) return;
    setBusy(true);
    setMine(null);
    setError(null);
    try {
      const end = await bundles.upload(file, setMine);
      if (end.state === 'done') onTaken();
    } catch (why) {
      setError(why);
    }
    await asked.again();
    setBusy(false);
  };
  const giveUp = async () => {
    setError(null);
    await bundles.giveUp().catch(setError);
    await asked.again();
  };
  return (
    <Card title={text.uploadABundle}>
      <form class="add-form" onSubmit={upload} noValidate aria-label={text.uploadABundle}>
        {error !== null && (
          <div role="alert">
            <Notice tone="bad" title={errorText(error)} />
          </div>
        )}
        {bundle?.state === 'failed' && !busy && (
          <div role="alert" data-testid="bundle-refused">
            <Notice tone="bad" title={text.theLastBundleWasNotTaken}>
              <p class="breaks">{sentence(bundle.detail)}</p>
            </Notice>
          </div>
        )}
        {bundle?.state === 'done' && (
          <Notice tone="ok" title={text.isHereWithItsImages(bundle.name ?? '')}>
            <a href={`/releases/${bundle.id}`}>{text.seeItsPlan}</a>
          </Notice>
        )}
        {coming && <Progress bundle={bundle} />}
        <div class="field">
          <label for="bundle-file">{text.bundle}</label>
          <p class="hint" id="bundle-file-hint">
            {coming && !busy ? text.chooseTheSameFileToGo : text.aReleaseItsSignatureAndIts}
          </p>
          <input
            id="bundle-file"
            type="file"
            disabled={busy}
            aria-describedby="bundle-file-hint"
            onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)}
          />
        </div>
        <div class="bundle-buttons">
          <button type="submit" class="button primary" disabled={busy || !file}>
            {busy ? text.uploading : coming ? text.goOn : text.uploadIt}
          </button>
          {coming && (
            <button type="button" class="button" onClick={() => void giveUp()}>
              {text.giveUp}
            </button>
          )}
        </div>
      </form>
    </Card>
  );
}
