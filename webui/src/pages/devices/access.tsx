// SPDX-License-Identifier: Apache-2.0
// Who may come to the broker, and how: the settings of `broker`. What a change does is said before it is made.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CA_URL } from '../../api/accounts';
import { isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import type { BrokerPatch, Gateway, Session, State } from '../../api/types';
import {
  type AccessErrors,
  type AccessForm,
  accessField,
  accessOf,
  brokerPatch,
  NUMBERS,
} from '../../derive/broker';
import { CA_FILE } from '../../derive/snippets';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Notice } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { focusFirstError } from '../../parts/door-form';
import { Field } from '../../parts/field';
import { plain, Refused } from '../../parts/form';
import { useAsked } from '../../state/asked';
import { devices } from '../../text';

const { access: text } = devices;

const TLS = [
  ['off', text.tlsOff, text.tlsOffHint],
  ['on', text.tlsOn, text.tlsOnHint],
  ['only', text.tlsOnly, text.tlsOnlyHint],
] as const;

const ANONYMOUS = [
  [false, text.refused, text.refusedHint],
  [true, text.letIn, text.letInHint],
] as const;

const NUMBER = {
  max_devices: [text.max_devices, text.max_devicesHint, text.devices],
  max_device_sessions: [text.max_device_sessions, text.max_device_sessionsHint, text.sessions],
  session_days: [text.session_days, text.session_daysHint, text.days],
} as const;

function Choice<T extends string | boolean>({
  name,
  title,
  options,
  value,
  error,
  onChoose,
}: {
  name: string;
  title: string;
  options: readonly (readonly [T, string, string])[];
  value: T;
  error: string | undefined;
  onChoose: (value: T) => void;
}): JSX.Element {
  return (
    <fieldset class="policies">
      <legend>{title}</legend>
      {options.map(([one, label, hint]) => (
        <label key={label}>
          <input type="radio" name={name} checked={value === one} onChange={() => onChoose(one)} />
          <span>
            <b>{label}</b>
            <span class="hint">{hint}</span>
          </span>
        </label>
      ))}
      {error && <p class="error-text">{error}.</p>}
    </fieldset>
  );
}

interface Proposal {
  patch: BrokerPatch;
  restarts: boolean;
}

/** What it does to whom, and how. */
function Consequences({ proposal }: { proposal: Proposal }): JSX.Element {
  const { tls, anonymous } = proposal.patch;
  const what = [
    ...(tls === 'only' ? [text.willRefusePlain] : []),
    ...(anonymous === true ? [text.willLetIn] : []),
    ...(anonymous === false ? [text.willRefuse] : []),
    proposal.restarts ? text.restarts : text.live,
  ];
  return (
    <>
      {what.map((one) => (
        <p key={one}>{one}</p>
      ))}
    </>
  );
}

function refused(error: unknown): { errors: AccessErrors; rest: unknown } {
  const errors: AccessErrors = {};
  if (isApiError(error))
    for (const { pointer, detail } of error.errors) {
      const field = accessField(pointer);
      if (field) errors[field] = detail;
    }
  return { errors, rest: Object.keys(errors).length > 0 ? null : error };
}

function Form({
  revision,
  onSaved,
  onStale,
}: {
  revision: Revision;
  onSaved: (now: Revision, restarts: boolean) => void;
  onStale: () => void;
}): JSX.Element {
  const before = accessOf(revision.config);
  const [edits, setEdits] = useState<Partial<AccessForm>>({});
  const [wrong, setWrong] = useState<{ errors: AccessErrors; rest: unknown }>({
    errors: {},
    rest: null,
  });
  const [proposal, setProposal] = useState<Proposal | null>(null);
  const [busy, setBusy] = useState(false);
  const form: AccessForm = { ...before, ...edits };
  const changed = JSON.stringify(form) !== JSON.stringify(before);
  const edit = (change: Partial<AccessForm>) => setEdits({ ...edits, ...change });

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
      setWrong({ errors: {}, rest: null });
    } catch (error) {
      if (isApiError(error, 412)) onStale();
      else setWrong(refused(error));
    }
    setBusy(false);
  };
  const look = async (event: Event) => {
    event.preventDefault();
    const place = event.currentTarget as HTMLFormElement;
    const { patch, errors } = brokerPatch(form, before);
    setWrong({ errors, rest: null });
    if (Object.keys(errors).length === 0)
      await attempt(async () => {
        await configuration.tryOut({ broker: patch }, revision.tag);
        // Other ports want another container; all else the broker reads anew.
        setProposal({ patch, restarts: patch.tls !== undefined });
      });
    focusFirstError(place);
  };
  const apply = ({ patch, restarts }: Proposal) =>
    attempt(async () => {
      const now = await configuration.change({ broker: patch }, revision.tag);
      setEdits({});
      onSaved(now, restarts);
    });
  return (
    <form class="card settings" onSubmit={look} noValidate aria-label={text.form}>
      <Refused error={wrong.rest} />
      <div class="access-choices">
        <Choice
          name="tls"
          title={text.tls}
          options={TLS}
          value={form.tls}
          error={wrong.errors.tls}
          onChoose={(tls) => edit({ tls })}
        />
        <Choice
          name="anonymous"
          title={text.anonymous}
          options={ANONYMOUS}
          value={form.anonymous}
          error={wrong.errors.anonymous}
          onChoose={(anonymous) => edit({ anonymous })}
        />
      </div>
      <div class="setting-fields">
        {NUMBERS.map((name) => (
          <Field
            key={name}
            id={name}
            label={NUMBER[name][0]}
            hint={NUMBER[name][1]}
            error={wrong.errors[name]}
            input={{
              ...plain(form[name], (value) => setEdits({ ...edits, [name]: value })),
              inputMode: 'numeric',
            }}
            beside={<span class="unit">{NUMBER[name][2]}</span>}
          />
        ))}
      </div>
      <div class="inputs">
        <button type="submit" class="button primary" disabled={busy || !changed}>
          {busy ? text.checking : text.save}
        </button>
        <button
          type="button"
          class="button"
          disabled={busy || !changed}
          onClick={() => {
            setEdits({});
            setWrong({ errors: {}, rest: null });
          }}
        >
          {text.undo}
        </button>
      </div>
      {proposal && (
        <Confirm
          title={text.confirm}
          confirm={text.apply}
          danger={proposal.restarts || proposal.patch.anonymous !== undefined}
          onConfirm={() => void apply(proposal)}
          onClose={() => setProposal(null)}
        >
          <Consequences proposal={proposal} />
        </Confirm>
      )}
    </form>
  );
}

function Ports({ field }: { field: Gateway['field'] }): JSX.Element {
  const { address, port, tls_port } = field;
  const at = (number: number | null) =>
    number === null ? text.off : <code>{`${address}:${number}`}</code>;
  return (
    <Card title={text.ports}>
      <Facts>
        <Fact name={text.portPlain}>{at(port === tls_port ? null : port)}</Fact>
        <Fact name={text.portTls}>{at(tls_port)}</Fact>
        <Fact name={text.portCertificate}>{at(tls_port === null ? null : tls_port + 1)}</Fact>
        <Fact name={text.ca}>
          <a href={CA_URL} download={CA_FILE} title={text.caHow}>
            {CA_FILE}
          </a>
        </Fact>
      </Facts>
    </Card>
  );
}

function Settings(): JSX.Element {
  const asked = useAsked(configuration.read, null);
  const [saved, setSaved] = useState<Revision | null>(null);
  const [said, setSaid] = useState('');
  const revision = saved ?? asked.value;
  useEffect(() => setSaved(null), [asked.value]);
  return (
    <>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome text={said} error={null} />
      {revision && (
        <Form
          revision={revision}
          onSaved={(now, restarts) => {
            setSaved(now);
            setSaid(restarts ? text.savedSoon : text.saved);
          }}
          onStale={() => {
            setSaid(text.stale);
            void asked.again();
          }}
        />
      )}
    </>
  );
}

export function Access({ state, session }: { state: State; session: Session }): JSX.Element {
  return (
    <>
      <Headline tone="off" eyebrow={text.eyebrow} title={text.title} detail={text.detail} />
      <div class="stack">
        <Ports field={state.gateway.field} />
        {mayAdminister(session) ? <Settings /> : <Notice tone="off" title={text.onlyAdmin} />}
      </div>
    </>
  );
}
