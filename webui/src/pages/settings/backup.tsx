// SPDX-License-Identifier: Apache-2.0
// The whole gateway as one file that only its passphrase opens, and back from one. For an admin.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { backups } from '../../api/backup';
import { api } from '../../api/client';
import type { Restored } from '../../api/types';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { timeNear } from '../../format/format';
import { Headline, Outcome } from '../../parts/asked';
import { Card, Notice } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { focusFirstError } from '../../parts/door-form';
import { Field } from '../../parts/field';
import { plain, Refused } from '../../parts/form';
import { PasswordField } from '../../parts/password-field';
import { saveBlob } from '../../parts/save';
import { useDeed } from '../../state/deed';
import { willBeAnother } from '../../state/session';
import { backup as text } from '../../text';
import type { PageProps } from '../props';

const PASSPHRASE_MIN = 10;
/** What a restore has said, over the login that comes after it. */
const RESTORED_KEY = 'holdfast-restored';

function wrongPassphrase(passphrase: string): string | undefined {
  return [...passphrase].length < PASSPHRASE_MIN ? text.tooShort : undefined;
}

type MakeNames = 'passphrase' | 'repeat';

function MakeCard({ held }: { held: number }): JSX.Element {
  const [passphrase, setPassphrase] = useState('');
  const [repeat, setRepeat] = useState('');
  const [records, setRecords] = useState(false);
  const [wrong, setWrong] = useState<Refusal<MakeNames>>(NOT_REFUSED);
  const [bytes, setBytes] = useState(0);
  const deed = useDeed();
  const make = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields: Refusal<MakeNames>['fields'] = {};
    const short = wrongPassphrase(passphrase);
    if (short) fields.passphrase = short;
    else if (repeat !== passphrase) fields.repeat = text.differs;
    setWrong({ fields, rest: null });
    setBytes(0);
    if (Object.keys(fields).length === 0)
      await deed.run(async () => {
        const { name, content } = await backups
          .make(passphrase, records, setBytes)
          .catch((error) => {
            setWrong(refusalOf(error, ['passphrase']));
            throw error;
          });
        saveBlob(name, content);
        setPassphrase('');
        setRepeat('');
        return text.make.done(content.size);
      });
    focusFirstError(form);
  };
  return (
    <Card title={text.make.title}>
      <Outcome text={deed.text} error={null} />
      <form onSubmit={make} noValidate aria-label={text.make.title}>
        <Refused error={wrong.rest} />
        <PasswordField
          id="backup-passphrase"
          label={text.passphrase}
          hint={text.passphraseHint}
          error={wrong.fields.passphrase}
          value={passphrase}
          autocomplete="new-password"
          onValue={setPassphrase}
        />
        <PasswordField
          id="backup-repeat"
          label={text.repeat}
          error={wrong.fields.repeat}
          value={repeat}
          autocomplete="new-password"
          onValue={setRepeat}
        />
        <fieldset class="policies">
          <label>
            <input
              type="checkbox"
              checked={records}
              onChange={(e) => setRecords(e.currentTarget.checked)}
            />
            <span>
              <b>{text.make.records}</b>
              <span class="hint">{text.make.recordsHint(held)}</span>
            </span>
          </label>
        </fieldset>
        <button type="submit" class="button primary" disabled={deed.busy}>
          {deed.busy ? text.make.sending : text.make.send}
        </button>
        {deed.busy && bytes > 0 && <p class="hint">{text.make.soFar(bytes)}</p>}
      </form>
    </Card>
  );
}

function saidOf(now: Restored): string {
  const { name, created, records, release } = now;
  return [
    text.restore.done(name, timeNear(created, new Date().toISOString())),
    ...(records > 0 ? [text.restore.records(records)] : []),
    ...(release === null
      ? [text.restore.noRelease]
      : release.runs
        ? []
        : [text.restore.release(release.name)]),
  ].join(' ');
}

function Sure({
  name,
  onConfirm,
  onClose,
}: {
  name: string;
  onConfirm: () => void;
  onClose: () => void;
}): JSX.Element {
  const [typed, setTyped] = useState('');
  return (
    <Confirm
      title={text.restore.sure(name)}
      confirm={text.restore.confirm}
      danger
      ready={typed === name}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>{text.restore.sureText}</p>
      <Field id="restore-name" label={text.restore.type(name)} input={plain(typed, setTyped)} />
    </Confirm>
  );
}

type RestoreNames = 'file' | 'passphrase' | 'password';

function RestoreCard({ name }: { name: string }): JSX.Element {
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const [password, setPassword] = useState('');
  const [wrong, setWrong] = useState<Refusal<RestoreNames>>(NOT_REFUSED);
  const [asks, setAsks] = useState(false);
  const deed = useDeed();
  const check = (event: Event) => {
    event.preventDefault();
    const fields: Refusal<RestoreNames>['fields'] = {};
    const short = wrongPassphrase(passphrase);
    if (!file) fields.file = text.restore.fileMissing;
    if (short) fields.passphrase = short;
    if (password === '') fields.password = text.restore.passwordMissing;
    setWrong({ fields, rest: null });
    if (Object.keys(fields).length === 0) setAsks(true);
    else focusFirstError(event.currentTarget as HTMLFormElement);
  };
  const restore = (what: File) =>
    deed.run(async () => {
      try {
        // Before the file goes out: the gateway would refuse it in the middle.
        await api.prove(password);
        sessionStorage.setItem(RESTORED_KEY, saidOf(await backups.restore(what, passphrase)));
        willBeAnother();
      } catch (error) {
        setWrong({ fields: {}, rest: error });
        throw error;
      }
      return '';
    });
  return (
    <Card title={text.restore.title}>
      <p class="quiet above">{text.restore.what}</p>
      <form onSubmit={check} noValidate aria-label={text.restore.title}>
        <Refused error={wrong.rest} />
        <div class={wrong.fields.file ? 'field has-error' : 'field'}>
          <label for="restore-file">{text.restore.file}</label>
          {wrong.fields.file && (
            <p class="error-text" id="restore-file-error">
              {wrong.fields.file}.
            </p>
          )}
          <input
            id="restore-file"
            type="file"
            accept=".backup"
            aria-invalid={wrong.fields.file ? true : undefined}
            aria-describedby={wrong.fields.file ? 'restore-file-error' : undefined}
            onChange={(e) => setFile(e.currentTarget.files?.[0] ?? null)}
          />
        </div>
        <PasswordField
          id="restore-passphrase"
          label={text.passphrase}
          hint={text.restore.passphraseHint}
          error={wrong.fields.passphrase}
          value={passphrase}
          autocomplete="new-password"
          onValue={setPassphrase}
        />
        <PasswordField
          id="restore-password"
          label={text.restore.password}
          error={wrong.fields.password}
          value={password}
          autocomplete="current-password"
          onValue={setPassword}
        />
        <button type="submit" class="button bad" disabled={deed.busy}>
          {deed.busy && file ? text.restore.sending(file.size) : text.restore.send}
        </button>
      </form>
      {asks && file && (
        <Sure name={name} onConfirm={() => void restore(file)} onClose={() => setAsks(false)} />
      )}
    </Card>
  );
}

function LastRestore(): JSX.Element | null {
  const [said, setSaid] = useState(sessionStorage.getItem(RESTORED_KEY));
  if (said === null) return null;
  const close = () => {
    sessionStorage.removeItem(RESTORED_KEY);
    setSaid(null);
  };
  return (
    <div role="status" data-testid="restored">
      <Notice tone="ok" title={said}>
        <button type="button" class="button" onClick={close}>
          {text.restore.close}
        </button>
      </Notice>
    </div>
  );
}

export function BackupPage({ state }: PageProps): JSX.Element {
  return (
    <>
      <Headline tone="off" eyebrow={text.eyebrow} title={text.title} detail={text.detail} />
      <LastRestore />
      <div class="halves">
        <MakeCard held={state.buffer.held} />
        <RestoreCard name={state.gateway.name} />
      </div>
    </>
  );
}
