// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { errorText, isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import type { Session, WhenFull } from '../../api/types';
import {
  type FormErrors,
  fieldOf,
  formOf,
  patchOf,
  type SettingsForm,
  UNITS,
} from '../../derive/settings';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Notice } from '../../parts/basics';
import { Field } from '../../parts/field';
import { useAsked } from '../../state/asked';
import { data } from '../../text';

const words = data.settings;

const POLICY: [WhenFull, string, string][] = [
  ['hold', words.holdInTheBroker, words.nothingThatWasAcceptedIsGiven],
  ['drop_oldest', words.giveUpTheOldest, words.newRecordsAlwaysHaveRoomWhat],
  ['drop_lower_first', words.giveUpTheLowestLaneFirst, words.theOldestOfBulkThenOf],
];

const TEXT: Record<keyof typeof UNITS, [label: string, hint: string]> = {
  window_ms: [words.durabilityWindow, words.howLongRecordsMayWaitTo],
  max_bytes: [words.mostOnDisk, words.allOfTheBufferWhatIt],
  max_age_s: [words.oldest, words.olderRecordsAreGivenUp0],
  keep_free_bytes: [words.leaveFree, words.ofTheDiskForEverythingElse],
  rated_endurance_bytes: [words.ratedEnduranceOfTheCard, words.whatItsMakerPromisesThatCan],
};

const NAMES = Object.keys(TEXT) as (keyof typeof UNITS)[];

function Form({
  revision,
  onSaved,
  onStale,
}: {
  revision: Revision;
  onSaved: (now: Revision) => void;
  onStale: () => void;
}): JSX.Element {
  const before = formOf(revision.config);
  const [edits, setEdits] = useState<Partial<SettingsForm>>({});
  const [errors, setErrors] = useState<FormErrors>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const form: SettingsForm = { ...before, ...edits };
  const changed = JSON.stringify(form) !== JSON.stringify(before);

  const refuse = (error: unknown) => {
    if (isApiError(error, 412)) {
      onStale();
      return;
    }
    const known: FormErrors = {};
    if (isApiError(error))
      for (const { pointer, detail } of error.errors) {
        const field = fieldOf(pointer);
        if (field) known[field] = detail;
      }
    setErrors(known);
    setFailure(Object.keys(known).length ? null : error);
  };
  const save = async (event: Event) => {
    event.preventDefault();
    const { patch, errors: wrong } = patchOf(form, before);
    setErrors(wrong);
    setFailure(null);
    const first = Object.keys(wrong)[0];
    if (first) {
      document.getElementById(first)?.focus();
      return;
    }
    setBusy(true);
    try {
      onSaved(await configuration.change({ buffer: patch }, revision.tag));
      setEdits({});
    } catch (error) {
      refuse(error);
    }
    setBusy(false);
  };
  return (
    <form class="card settings" onSubmit={save} noValidate aria-label={words.bufferSettings}>
      {failure !== null && (
        <div role="alert">
          <Notice tone="bad" title={errorText(failure)} />
        </div>
      )}
      <fieldset class="policies">
        <legend>{words.whenThereIsNoRoom}</legend>
        {POLICY.map(([value, title, hint]) => (
          <label key={value}>
            <input
              type="radio"
              name="when_full"
              value={value}
              checked={form.when_full === value}
              onChange={() => setEdits({ ...edits, when_full: value })}
            />
            <span>
              <b>{title}</b>
              <span class="hint">{hint}</span>
            </span>
          </label>
        ))}
        {errors.when_full && <p class="error-text">{errors.when_full}.</p>}
      </fieldset>
      <div class="setting-fields">
        {NAMES.map((name) => (
          <Field
            key={name}
            id={name}
            label={TEXT[name][0]}
            hint={TEXT[name][1]}
            error={errors[name]}
            input={{
              value: form[name],
              inputMode: 'decimal',
              autocomplete: 'off',
              onInput: (e) => setEdits({ ...edits, [name]: e.currentTarget.value }),
            }}
            beside={<span class="unit">{UNITS[name].unit}</span>}
          />
        ))}
      </div>
      <div class="inputs">
        <button type="submit" class="button primary" disabled={busy || !changed}>
          {busy ? words.saving : words.save}
        </button>
        <button
          type="button"
          class="button"
          disabled={busy || !changed}
          onClick={() => {
            setEdits({});
            setErrors({});
            setFailure(null);
          }}
        >
          {words.undo}
        </button>
      </div>
    </form>
  );
}

function AdminsSettings(): JSX.Element {
  const asked = useAsked(configuration.read, null);
  const [saved, setSaved] = useState<Revision | null>(null);
  const [text, setText] = useState('');
  const revision = saved ?? asked.value;
  useEffect(() => setSaved(null), [asked.value]);
  return (
    <>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome text={text} error={null} />
      {revision && (
        <Form
          revision={revision}
          onSaved={(now) => {
            setSaved(now);
            setText(words.savedTheServicesTakeItNow);
          }}
          onStale={() => {
            setText(words.somebodyHasChangedTheSettings);
            void asked.again();
          }}
        />
      )}
    </>
  );
}

export function Settings({ session }: { session: Session }): JSX.Element {
  return (
    <>
      <Headline
        tone="off"
        eyebrow={words.settings}
        title={words.howRecordsAreKept}
        detail={words.takenAtOnceWithoutARestart}
      />
      {mayAdminister(session) ? (
        <AdminsSettings />
      ) : (
        <Notice tone="off" title={words.onlyAnAdminSeesAndChanges} />
      )}
    </>
  );
}
