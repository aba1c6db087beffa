// SPDX-License-Identifier: Apache-2.0
// What a service may use, and how to change it: first what would happen, then whether it shall.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorText, isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import type { ConfigPatch, Effect, Limits, LimitsPatch, Service } from '../../api/types';
import {
  howText,
  LIMIT_NAMES,
  LIMIT_UNITS,
  type LimitErrors,
  type LimitName,
  type LimitsForm,
  limitOf,
  limitsForm,
  limitsPatch,
} from '../../derive/limits';
import { bytes, count } from '../../format/format';
import { Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Notice, Status } from '../../parts/basics';
import { Field } from '../../parts/field';
import { useAsked } from '../../state/asked';
import { service as serviceText } from '../../text';

const words = serviceText.limits;

const TEXT: Record<LimitName, [label: string, hint: string]> = {
  memory_bytes: [words.memory, words.withSwapAboveItTheKernel],
  memory_reservation_bytes: [words.memoryKeptForIt, words.whenTheWholeBoxIsShort],
  cpus: ['CPU', words.aboveItTheServiceIsSlowed],
  pids: [words.threads, words.aboveItNoNewOneCan],
  io_weight: [words.shareOfTheDisk, words.againstTheOthers10To1000],
  log_bytes: [words.log, words.olderLinesMakeRoomForNew],
};

function shownLimit(name: LimitName, limits: Limits): string {
  const value = limits[name];
  if (value === null || value === undefined) return words.notOnThisMachine;
  if (name === 'cpus') return `${value}\u00a0${value === 1 ? words.core : words.cores}`;
  if (!name.endsWith('_bytes')) return count(value);
  return value === 0 ? words.none : bytes(value);
}

/** The kernel's own number, and what it comes to. */
function oomText({ oom_score_adj: score }: Limits): string {
  if (score === 0) return words.asAnyOther;
  return score < 0 ? words.laterThanOthers(-score) : words.soonerThanOthers(score);
}

function Shown({ limits }: { limits: Limits }): JSX.Element {
  return (
    <Facts>
      {LIMIT_NAMES.map((name) => (
        <Fact name={TEXT[name][0]} key={name}>
          <span data-testid={`limit-${name}`}>{shownLimit(name, limits)}</span>
        </Fact>
      ))}
      <Fact name={words.endedWhenTheBoxIsOut}>{oomText(limits)}</Fact>
    </Facts>
  );
}

function Effects({ effects }: { effects: Effect[] }): JSX.Element {
  if (effects.length === 0) return <p class="quiet">{words.noServiceIsChangedByIt}</p>;
  return (
    <ul class="effects" data-testid="effects">
      {effects.map((effect) => (
        <li key={effect.service + effect.change} data-how={effect.how}>
          <b class="breaks">{effect.change}</b>
          <Status tone={effect.how === 'live' ? 'ok' : 'warn'}>{howText(effect)}</Status>
        </li>
      ))}
    </ul>
  );
}

interface Plan {
  patch: ConfigPatch;
  effects: Effect[];
}

interface FormProps {
  service: Service;
  revision: Revision;
  onDone: (effects: Effect[]) => void;
  onStale: () => void;
  onClose: () => void;
}

function overcommits({ config }: Revision): boolean {
  return config.limits.allow_overcommit === true;
}

function Form({ service, revision, onDone, onStale, onClose }: FormProps): JSX.Element {
  const { name, limits } = service;
  const [before] = useState(() => limitsForm(limits));
  const [form, setForm] = useState<LimitsForm>(before);
  const [over, setOver] = useState(overcommits(revision));
  const [errors, setErrors] = useState<LimitErrors>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [plan, setPlan] = useState<Plan | null>(null);
  const [busy, setBusy] = useState(false);

  const change = (one: Partial<LimitsForm>) => {
    setForm({ ...form, ...one });
    setPlan(null);
  };
  const refuse = (error: unknown) => {
    if (isApiError(error, 412)) {
      onStale();
      return;
    }
    const known: LimitErrors = {};
    if (isApiError(error))
      for (const { pointer, detail } of error.errors) {
        const field = limitOf(pointer, name);
        if (field) known[field] = detail;
      }
    setErrors(known);
    setFailure(Object.keys(known).length ? null : error);
    setPlan(null);
  };
  const send = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailure(null);
    await work().catch(refuse);
    setBusy(false);
  };
  const patchFor = (patch: LimitsPatch): ConfigPatch => {
    const limits: Record<string, LimitsPatch | boolean> = {};
    if (Object.keys(patch).length) limits[name] = patch;
    if (over !== overcommits(revision)) limits['allow_overcommit'] = over;
    // No type tells the name of a service from allow_overcommit.
    return { limits } as ConfigPatch;
  };
  const look = async (event: Event) => {
    event.preventDefault();
    const { patch, errors: wrong } = limitsPatch(form, before);
    setErrors(wrong);
    const [first] = Object.keys(wrong);
    if (first) {
      document.getElementById(first)?.focus();
      return;
    }
    const whole = patchFor(patch);
    await send(async () => {
      const { config } = await configuration.tryOut(whole, revision.tag);
      setPlan({ patch: whole, effects: config.effects ?? [] });
    });
  };
  const carryOut = ({ patch }: Plan) =>
    send(async () => {
      const { config } = await configuration.change(patch, revision.tag);
      onDone(config.effects ?? []);
    });
  const touched = JSON.stringify(form) !== JSON.stringify(before) || over !== overcommits(revision);

  return (
    <form class="limits-form" onSubmit={look} noValidate aria-label={words.limits}>
      {failure !== null && (
        <div role="alert">
          <Notice tone="bad" title={errorText(failure)} />
        </div>
      )}
      <div class="limit-fields">
        {LIMIT_NAMES.map(
          (one) =>
            form[one] !== undefined && (
              <Field
                key={one}
                id={one}
                label={TEXT[one][0]}
                hint={TEXT[one][1]}
                error={errors[one]}
                input={{
                  value: form[one],
                  inputMode: 'decimal',
                  autocomplete: 'off',
                  onInput: (e) => change({ [one]: e.currentTarget.value }),
                }}
                beside={<span class="unit">{LIMIT_UNITS[one].unit}</span>}
              />
            ),
        )}
      </div>
      <label class="tick">
        <input
          type="checkbox"
          checked={over}
          onChange={(e) => {
            setOver(e.currentTarget.checked);
            setPlan(null);
          }}
        />
        {words.allLimitsTogetherMayBeMore}
      </label>
      <div role="status">{plan && <Effects effects={plan.effects} />}</div>
      <div class="inputs">
        {plan ? (
          <button
            type="button"
            class="button primary"
            disabled={busy}
            onClick={() => void carryOut(plan)}
          >
            {busy ? words.changing : words.changeIt}
          </button>
        ) : (
          <button type="submit" class="button primary" disabled={busy || !touched}>
            {busy ? words.asking : words.seeWhatHappens}
          </button>
        )}
        <button type="button" class="button" disabled={busy} onClick={onClose}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}

function Edit({
  service,
  onDone,
  onClose,
}: {
  service: Service;
  onDone: (effects: Effect[]) => void;
  onClose: () => void;
}): JSX.Element {
  const asked = useAsked(configuration.read, null);
  const [stale, setStale] = useState(false);
  return (
    <>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {stale && (
        <p class="quiet" role="status">
          {words.somebodyHasChangedTheSettings}
        </p>
      )}
      {asked.value && (
        <Form
          service={service}
          revision={asked.value}
          onDone={onDone}
          onClose={onClose}
          onStale={() => {
            setStale(true);
            void asked.again();
          }}
        />
      )}
    </>
  );
}

function doneText(effects: Effect[]): string {
  return effects.some((effect) => effect.how === 'recreate')
    ? words.changedANewContainerTakesIts
    : words.changedWithoutARestart;
}

export function LimitsCard({
  service,
  mayChange,
}: {
  service: Service;
  mayChange: boolean;
}): JSX.Element {
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState('');
  return (
    <Card
      title={words.limits}
      aside={
        mayChange &&
        !open && (
          <button
            type="button"
            class="button small"
            onClick={() => {
              setDone('');
              setOpen(true);
            }}
          >
            {words.change}
            <span class="unseen"> {words.limits2}</span>
          </button>
        )
      }
    >
      <Outcome text={done} error={null} />
      {open ? (
        <Edit
          service={service}
          onClose={() => setOpen(false)}
          onDone={(effects) => {
            setOpen(false);
            setDone(doneText(effects));
          }}
        />
      ) : (
        <Shown limits={service.limits} />
      )}
    </Card>
  );
}
