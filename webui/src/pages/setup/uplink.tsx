// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { errorText, isApiError } from '../../api/client';
import { configuration } from '../../api/config';
import { sinks } from '../../api/sinks';
import type { SinkTest } from '../../api/types';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import {
  isFree,
  isMqtt,
  NO_UPLINK,
  sinkOf,
  UPLINK_FIELDS,
  type UplinkForm,
  uplinkErrors,
  uplinkOf,
  withSink,
} from '../../derive/setup';
import { Loading, Trouble } from '../../parts/asked';
import { Notice } from '../../parts/basics';
import { focusFirstError } from '../../parts/door-form';
import { Field } from '../../parts/field';
import { PasswordField } from '../../parts/password-field';
import { Trial } from '../../parts/trial';
import { useAsked } from '../../state/asked';
import { setupText as text } from '../../text';

type Tried = { kind: 'not yet' } | { kind: 'running' } | { kind: 'done'; test: SinkTest };
type Errors = Refusal<keyof UplinkForm>;

function pointed(error: unknown): Errors {
  if (isApiError(error, 412)) return { fields: {}, rest: new Error(text.changedMeanwhile) };
  return refusalOf(error, UPLINK_FIELDS);
}

/** What the gateway has already, with its test. */
function Present({ name, url, change }: { name: string; url: string; change: () => void }) {
  const [tried, setTried] = useState<Tried>({ kind: 'not yet' });
  const [failure, setFailure] = useState<unknown>(null);
  const test = async () => {
    setFailure(null);
    setTried({ kind: 'running' });
    try {
      setTried({ kind: 'done', test: await sinks.test(name) });
    } catch (error) {
      setTried({ kind: 'not yet' });
      setFailure(error);
    }
  };
  return (
    <>
      <p class="breaks">
        {url} <span class="quiet">{text.uplinkSet}</span>
      </p>
      <div role="status">
        {failure !== null && <p class="error-text">{errorText(failure)}</p>}
        {tried.kind !== 'not yet' && <Trial test={tried.kind === 'done' ? tried.test : null} />}
      </div>
      <p class="buttons">
        <button
          type="button"
          class="button primary"
          onClick={() => void test()}
          disabled={tried.kind === 'running'}
        >
          {tried.kind === 'running' ? text.testing : text.test}
        </button>
        <button type="button" class="button" onClick={change}>
          {text.change}
        </button>
      </p>
    </>
  );
}

interface Working {
  form: UplinkForm;
  errors: Errors;
  tried: Tried;
  busy: 'testing' | 'saving' | null;
  saved: boolean;
}

function Fields({
  form,
  errors: { fields },
  put,
}: {
  form: UplinkForm;
  errors: Errors;
  put: (change: Partial<UplinkForm>) => void;
}): JSX.Element {
  return (
    <>
      <Field
        id="url"
        label={text.url}
        hint={text.urlHint}
        error={fields.url}
        input={{
          value: form.url,
          inputMode: 'url',
          autocomplete: 'off',
          autocapitalize: 'none',
          spellcheck: false,
          placeholder: 'https://ingest.example.com/v1',
          onInput: (e) => put({ url: e.currentTarget.value }),
        }}
      />
      {isMqtt(form.url) ? (
        <>
          <Field
            id="user"
            label={text.user}
            error={fields.user}
            input={{
              value: form.user,
              autocomplete: 'off',
              autocapitalize: 'none',
              spellcheck: false,
              onInput: (e) => put({ user: e.currentTarget.value }),
            }}
          />
          <PasswordField
            label={text.password}
            error={fields.password}
            value={form.password}
            autocomplete="new-password"
            onValue={(password) => put({ password })}
          />
        </>
      ) : (
        <PasswordField
          id="token"
          label={text.token}
          hint={text.tokenHint}
          error={fields.token}
          value={form.token}
          autocomplete="new-password"
          onValue={(token) => put({ token })}
        />
      )}
      <details open={fields.ca_pem !== undefined || form.ca_pem !== ''}>
        <summary>{text.more}</summary>
        <label class="area">
          <span class="hint">{text.ca}</span>
          {fields.ca_pem && <span class="error-text">{fields.ca_pem}.</span>}
          <textarea
            rows={5}
            spellcheck={false}
            aria-invalid={fields.ca_pem ? true : undefined}
            value={form.ca_pem}
            onInput={(e) => put({ ca_pem: e.currentTarget.value })}
          />
        </label>
      </details>
    </>
  );
}

function Form({ onSaved }: { onSaved: () => void }): JSX.Element {
  const [now, setNow] = useState<Working>({
    form: NO_UPLINK,
    errors: NOT_REFUSED,
    tried: { kind: 'not yet' },
    busy: null,
    saved: false,
  });
  const box = useRef<HTMLFormElement>(null);
  const set = (change: Partial<Working>) => setNow((old) => ({ ...old, ...change }));
  const { form, errors, tried, busy } = now;
  const free = tried.kind === 'done' && isFree(tried.test);

  /** Does it where the form can be right; says what was wrong with it otherwise. */
  const attempt = async (what: 'testing' | 'saving', work: () => Promise<Partial<Working>>) => {
    const wrong = uplinkErrors(form);
    if (Object.keys(wrong).length > 0) set({ errors: { fields: wrong, rest: null } });
    else {
      set({ errors: NOT_REFUSED, busy: what });
      try {
        set({ ...(await work()), busy: null });
      } catch (error) {
        set({ errors: pointed(error), busy: null });
      }
    }
    if (box.current) focusFirstError(box.current);
  };
  const test = () =>
    attempt('testing', async () => {
      set({ tried: { kind: 'running' } });
      try {
        return { tried: { kind: 'done', test: await sinks.tryOut(sinkOf(form)) } };
      } catch (error) {
        set({ tried: { kind: 'not yet' } });
        throw error;
      }
    });
  const save = () =>
    attempt('saving', async () => {
      const { config, tag } = await configuration.read();
      await configuration.change({ sinks: withSink(config.sinks, sinkOf(form)) }, tag);
      onSaved();
      return { saved: true };
    });
  const submit = (event: Event) => {
    event.preventDefault();
    void (free ? save() : test());
  };
  return (
    <form ref={box} class="form" onSubmit={submit} noValidate aria-label={text.uplink}>
      {errors.rest !== null && (
        <div role="alert" data-form-problem tabIndex={-1}>
          <Notice tone="bad" title={errorText(errors.rest)} />
        </div>
      )}
      <Fields
        form={form}
        errors={errors}
        put={(change) => set({ form: { ...form, ...change }, tried: { kind: 'not yet' } })}
      />
      <div role="status">
        {tried.kind !== 'not yet' && <Trial test={tried.kind === 'done' ? tried.test : null} />}
        {now.saved && <p class="done">{text.saved}</p>}
      </div>
      <p class="buttons">
        <button type="submit" class="button primary" disabled={busy !== null}>
          {free
            ? busy === 'saving'
              ? text.saving
              : text.save
            : busy === 'testing'
              ? text.testing
              : text.test}
        </button>
        {!free && (
          <button type="button" class="button" disabled={busy !== null} onClick={() => void save()}>
            {text.saveUntested}
          </button>
        )}
      </p>
    </form>
  );
}

/** Where records go: what is set, or a form for it. */
export function UplinkStep(): JSX.Element {
  const asked = useAsked(sinks.list, null);
  const [changing, setChanging] = useState(false);
  const present = asked.value && uplinkOf(asked.value.sinks);
  if (!asked.value)
    return (
      <>
        <Trouble asked={asked} />
        <Loading asked={asked} />
        {asked.error !== null && <Form onSaved={() => void asked.again()} />}
      </>
    );
  if (present && !changing)
    return (
      <Present
        key={present.url}
        name={present.sink}
        url={present.url}
        change={() => setChanging(true)}
      />
    );
  return (
    <>
      <p class="quiet above">{text.uplinkLead}</p>
      <Form
        onSaved={() => {
          setChanging(false);
          void asked.again();
        }}
      />
    </>
  );
}
