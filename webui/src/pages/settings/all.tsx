// SPDX-License-Identifier: Apache-2.0
// Every setting in a form made from the contract, with what a change would do before it does. For an admin.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import { SETTINGS } from '../../api/settings';
import type { ConfigPatch } from '../../api/types';
import { differences, secretsWritten } from '../../derive/difference';
import {
  idOf,
  isSecretSet,
  type Setting,
  settingAt,
  settingsPatch,
  type Typed,
  typedOf,
  unitOf,
} from '../../derive/setting';
import { Headline, Loading, Outcome, Trouble } from '../../parts/asked';
import { Field } from '../../parts/field';
import { PasswordField } from '../../parts/password-field';
import { useAsked } from '../../state/asked';
import { type Deed, useDeed } from '../../state/deed';
import { allSettings as text } from '../../text';
import { NotTaken, Preview, type Proposed } from './preview';

interface InputProps {
  setting: Setting;
  config: unknown;
  value: string;
  error: string | undefined;
  onValue: (value: string) => void;
}

/** What is chosen or written in more than one line, as a Field is. */
function Labelled({
  id,
  error,
  children,
}: {
  id: string;
  error: string | undefined;
  children: JSX.Element;
}): JSX.Element {
  const [label, hint] = text.names[id] ?? [id, ''];
  return (
    <div class={`field ${error ? 'has-error' : ''}`}>
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="error-text" id={`${id}-error`}>
          {error}.
        </p>
      )}
      <div class="field-row">{children}</div>
    </div>
  );
}

const LONG = new Set(['lines', 'texts', 'json']);
const LINES_MOST = 12;

export function Input(props: InputProps): JSX.Element {
  const { setting, config, value, error, onValue } = props;
  const id = idOf(setting);
  const [label, hint] = text.names[id] ?? [id, ''];
  const own = {
    id,
    'aria-invalid': error ? true : undefined,
    'aria-describedby':
      [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined,
  };
  if (setting.kind === 'switch' || setting.kind === 'choice') {
    const values = setting.values ?? ['true', 'false'];
    const named = (one: string) =>
      text.choices[one] ?? (one === 'true' ? text.yes : one === 'false' ? text.no : one);
    return (
      <Labelled id={id} error={error}>
        <select {...own} value={value} onChange={(e) => onValue(e.currentTarget.value)}>
          {value === '' && <option value="">{text.byDefault}</option>}
          {values.map((one) => (
            <option value={one} key={one}>
              {named(one)}
            </option>
          ))}
        </select>
      </Labelled>
    );
  }
  if (LONG.has(setting.kind))
    return (
      <Labelled id={id} error={error}>
        <textarea
          {...own}
          rows={Math.min(LINES_MOST, Math.max(2, value.split('\n').length))}
          spellcheck={false}
          value={value}
          onInput={(e) => onValue(e.currentTarget.value)}
        />
      </Labelled>
    );
  if (setting.kind === 'secret')
    return (
      <PasswordField
        id={id}
        label={label}
        hint={hint || (isSecretSet(setting, config) ? text.secretSet : text.secretNone)}
        error={error}
        value={value}
        autocomplete="new-password"
        onValue={onValue}
      />
    );
  const { unit } = unitOf(setting);
  return (
    <Field
      id={id}
      label={label}
      hint={hint}
      error={error}
      input={{
        value,
        inputMode: setting.kind === 'number' ? 'decimal' : 'text',
        autocomplete: 'off',
        autocapitalize: 'none',
        spellcheck: false,
        onInput: (e) => onValue(e.currentTarget.value),
      }}
      beside={unit ? <span class="unit">{unit}</span> : null}
    />
  );
}

interface SectionProps {
  section: (typeof text.sections)[number];
  config: unknown;
  typed: Typed;
  errors: Typed;
  onTyped: (setting: Setting, value: string) => void;
}

function Section({ section, config, typed, errors, onTyped }: SectionProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const inside = SETTINGS.filter(({ path }) => section.of.includes(path[0] ?? ''));
  const changed = inside.filter((one) => idOf(one) in typed).length;
  const wrong = inside.some((one) => idOf(one) in errors);
  const fields = (some: readonly Setting[]) =>
    some.map((setting) => {
      const id = idOf(setting);
      return (
        <Input
          key={id}
          setting={setting}
          config={config}
          value={typed[id] ?? typedOf(setting, config)}
          error={errors[id]}
          onValue={(value) => onTyped(setting, value)}
        />
      );
    });
  const long = inside.filter(({ kind }) => LONG.has(kind));
  const short = inside.filter(({ kind }) => !LONG.has(kind));
  return (
    <details
      class="card section"
      open={open || wrong}
      onToggle={(e) => setOpen(e.currentTarget.open)}
    >
      <summary>
        <h2>{section.title}</h2>
        {changed > 0 && <span class="aside">{text.changed(changed)}</span>}
      </summary>
      {section.lead && <p class="quiet above">{section.lead}</p>}
      {short.length > 0 && <div class="setting-fields">{fields(short)}</div>}
      {fields(long)}
    </details>
  );
}

interface Proposal extends Proposed {
  patch: ConfigPatch;
  /** Of the revision that it was compared with. */
  tag: string;
}

async function tryOut(patch: ConfigPatch): Promise<Proposal> {
  const { config: now, tag } = await configuration.read();
  const { config: next } = await configuration.tryOut(patch, tag);
  const { effects = [], ...would } = next;
  const changes = [...differences(now, would), ...secretsWritten(now, patch)];
  return { patch, tag, changes, effects };
}

/** Each error of the gateway beside its setting; none where one belongs to no setting. */
function errorsOf(error: unknown): Typed {
  const errors: Typed = {};
  if (!isApiError(error)) return errors;
  for (const { pointer, detail } of error.errors) {
    const setting = settingAt(SETTINGS, pointer);
    if (!setting) return {};
    errors[idOf(setting)] = detail.replace(/[.]$/, '');
  }
  return errors;
}

function focus(errors: Typed): void {
  const [first] = SETTINGS.map(idOf).filter((id) => id in errors);
  if (first) setTimeout(() => document.getElementById(first)?.focus());
}

/** What is typed stays until it is in force, whatever happens meanwhile. */
function useForm(revision: Revision, onTaken: (now: Revision) => void) {
  const [typed, setTyped] = useState<Typed>({});
  const [errors, setErrors] = useState<Typed>({});
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const deed = useDeed();
  const refuse = (error: unknown) => {
    const found = errorsOf(error);
    setErrors(found);
    focus(found);
    if (Object.keys(found).length === 0) throw error;
    return '';
  };
  const put = (setting: Setting, value: string) => {
    const { [idOf(setting)]: _, ...rest } = typed;
    const same = value === typedOf(setting, revision.config);
    setTyped(same ? rest : { ...rest, [idOf(setting)]: value });
    setProposal(null);
  };
  const look = () =>
    deed.run(async () => {
      const { patch, errors: wrong } = settingsPatch(SETTINGS, typed);
      setErrors(wrong);
      setProposal(null);
      focus(wrong);
      if (Object.keys(wrong).length > 0) return '';
      return await tryOut(patch as ConfigPatch).then((now) => {
        setProposal(now);
        return '';
      }, refuse);
    });
  const apply = ({ patch, tag }: Proposal) =>
    deed.run(async () => {
      try {
        const now = await configuration.change(patch, tag);
        setTyped({});
        setProposal(null);
        onTaken(now);
        return text.inForce(now.tag.replace(/\D/g, ''));
      } catch (error) {
        if (!isApiError(error, 412)) return refuse(error);
        setProposal(await tryOut(patch));
        throw new Error(text.meanwhile);
      }
    });
  const undo = () => {
    setTyped({});
    setErrors({});
    setProposal(null);
    void deed.run(async () => text.undone);
  };
  return { typed, errors, proposal, deed, put, look, apply, undo, close: () => setProposal(null) };
}

function Buttons({
  deed,
  changed,
  onUndo,
}: {
  deed: Deed;
  changed: number;
  onUndo: () => void;
}): JSX.Element {
  return (
    <div class="inputs">
      <button type="submit" class="button primary" disabled={deed.busy || changed === 0}>
        {deed.busy ? text.looking : text.look}
      </button>
      <button type="button" class="button" disabled={deed.busy || changed === 0} onClick={onUndo}>
        {text.undo}
      </button>
      {changed > 0 && <span class="aside">{text.changed(changed)}</span>}
    </div>
  );
}

function Form({
  revision,
  onTaken,
}: {
  revision: Revision;
  onTaken: (now: Revision) => void;
}): JSX.Element {
  const { typed, errors, proposal, deed, put, look, apply, undo, close } = useForm(
    revision,
    onTaken,
  );
  return (
    <form
      class="all-settings"
      noValidate
      aria-label={text.form}
      onSubmit={(event) => {
        event.preventDefault();
        void look();
      }}
    >
      {text.sections.map((section) => (
        <Section
          key={section.title}
          section={section}
          config={revision.config}
          typed={typed}
          errors={errors}
          onTyped={put}
        />
      ))}
      <div class="card deeds">
        <NotTaken error={deed.error} />
        <Outcome text={deed.text} error={null} />
        {proposal ? (
          <Preview
            proposal={proposal}
            none={text.nothing}
            busy={deed.busy}
            onApply={() => void apply(proposal)}
            onCancel={close}
          />
        ) : (
          <Buttons deed={deed} changed={Object.keys(typed).length} onUndo={undo} />
        )}
      </div>
    </form>
  );
}

export function AllSettingsPage(): JSX.Element {
  const asked = useAsked(configuration.read, null);
  const [taken, setTaken] = useState<Revision | null>(null);
  const revision = taken ?? asked.value;
  return (
    <>
      <Headline tone="off" eyebrow={text.eyebrow} title={text.title} detail={text.lead} />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {revision && <Form revision={revision} onTaken={setTaken} />}
    </>
  );
}
