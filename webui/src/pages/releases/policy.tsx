// SPDX-License-Identifier: Apache-2.0
// How releases are applied here: freeze, gate and patience. For an admin, as the configuration is.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorText, isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import type { Config, UpgradePatch } from '../../api/types';
import {
  UPGRADE_NUMBERS,
  UPGRADE_UNITS,
  type UpgradeErrors,
  type UpgradeForm,
  type UpgradeNumber,
  upgradeForm,
  upgradePatch,
} from '../../derive/upgrade-settings';
import { count, duration } from '../../format/format';
import { Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Notice, Status } from '../../parts/basics';
import { Field } from '../../parts/field';
import { useAsked } from '../../state/asked';

const TEXT: Record<UpgradeNumber, [label: string, hint: string]> = {
  gate_s: ['Watch for', 'A new release is kept once it has done well for so long.'],
  switch_s: ['Back at work within', 'A switched service that takes longer leads back.'],
  max_backlog: [
    'Records held at most',
    'It waits to switch until fewer are held; 0 for no such limit.',
  ],
  busy_wait_s: ['Wait for a busy service', 'A service can say that it is busy: so long at most.'],
  config_gate_s: [
    'Watch other settings for',
    'Services must do well with them for so long, or they are taken back; 0 for no watch.',
  ],
};

function Shown({ upgrade }: Config): JSX.Element {
  const { freeze, gate_s, switch_s, max_backlog, busy_wait_s, config_gate_s } = upgrade;
  return (
    <Facts>
      <Fact name="Frozen">
        {freeze ? <Status tone="warn">yes, nothing is applied</Status> : 'no'}
      </Fact>
      <Fact name="Watched for">{duration(gate_s ?? 0)}</Fact>
      <Fact name="Back at work within">{duration(switch_s ?? 0)}</Fact>
      <Fact name="Waits for the backlog">
        {max_backlog ? `below ${count(max_backlog)} records` : 'no'}
      </Fact>
      <Fact name="Waits for a busy service">
        {busy_wait_s ? `${duration(busy_wait_s)} at most` : 'no'}
      </Fact>
      <Fact name="Other settings watched for">
        {config_gate_s ? duration(config_gate_s) : 'not watched'}
      </Fact>
    </Facts>
  );
}

function Form({
  config,
  onSave,
  onClose,
}: {
  config: Config;
  onSave: (patch: UpgradePatch) => Promise<void>;
  onClose: () => void;
}): JSX.Element {
  const before = upgradeForm(config);
  const [form, setForm] = useState<UpgradeForm>(before);
  const [errors, setErrors] = useState<UpgradeErrors>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const save = async (event: Event) => {
    event.preventDefault();
    const { patch, errors: wrong } = upgradePatch(form, before);
    setErrors(wrong);
    setFailure(null);
    const [first] = Object.keys(wrong);
    if (first) {
      document.getElementById(first)?.focus();
      return;
    }
    setBusy(true);
    await onSave(patch).catch(setFailure);
    setBusy(false);
  };
  return (
    <form onSubmit={save} noValidate aria-label="Upgrade settings">
      {failure !== null && (
        <div role="alert">
          <Notice tone="bad" title={errorText(failure)} />
        </div>
      )}
      {UPGRADE_NUMBERS.map((name) => (
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
            onInput: (e) => setForm({ ...form, [name]: e.currentTarget.value }),
          }}
          beside={<span class="unit">{UPGRADE_UNITS[name].unit || 'records'}</span>}
        />
      ))}
      <div class="inputs">
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? 'Saving…' : 'Save'}
        </button>
        <button type="button" class="button" disabled={busy} onClick={onClose}>
          Cancel
        </button>
      </div>
    </form>
  );
}

const STALE = 'Somebody has changed the settings meanwhile. Look again.';

export function PolicyCard(): JSX.Element {
  const asked = useAsked(configuration.read, null);
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<{ text: string; error: unknown }>({ text: '', error: null });
  const [busy, setBusy] = useState(false);

  const change = async ({ tag }: Revision, upgrade: UpgradePatch, text: string) => {
    try {
      await configuration.change({ upgrade }, tag);
      setOpen(false);
      setDone({ text, error: null });
    } catch (error) {
      if (!isApiError(error, 412)) throw error;
      throw new Error(STALE);
    } finally {
      await asked.again();
    }
  };
  const freeze = async (now: Revision, frozen: boolean) => {
    setBusy(true);
    const text = frozen ? 'Frozen: no release is applied.' : 'Releases can be applied again.';
    await change(now, { freeze: frozen }, text).catch((error) => setDone({ text: '', error }));
    setBusy(false);
  };
  const now = asked.value;
  const frozen = now?.config.upgrade.freeze === true;
  return (
    <Card
      title="Upgrade settings"
      aside={
        now &&
        !open && (
          <button
            type="button"
            class="button small"
            onClick={() => {
              setDone({ text: '', error: null });
              setOpen(true);
            }}
          >
            Change<span class="unseen"> upgrade settings</span>
          </button>
        )
      }
    >
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome {...done} />
      {now && open && (
        <Form
          config={now.config}
          onSave={(patch) => change(now, patch, 'Saved. It holds from the next upgrade on.')}
          onClose={() => setOpen(false)}
        />
      )}
      {now && !open && (
        <>
          <Shown {...now.config} />
          <button
            type="button"
            class="button small more"
            disabled={busy}
            onClick={() => void freeze(now, !frozen)}
          >
            {frozen ? 'Lift the freeze' : 'Freeze'}
          </button>
        </>
      )}
    </Card>
  );
}
