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
import { windowsOf, windowText } from '../../derive/windows';
import { count, duration } from '../../format/format';
import { Loading, Outcome, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Notice, Status } from '../../parts/basics';
import { Field } from '../../parts/field';
import { useAsked } from '../../state/asked';
import { releases } from '../../text';

const words = releases.policy;

const TEXT: Record<UpgradeNumber, [label: string, hint: string]> = {
  gate_s: [words.watchFor, words.aNewReleaseIsKeptOnce],
  switch_s: [words.backAtWorkWithin, words.aSwitchedServiceThatTakes],
  max_backlog: [words.recordsHeldAtMost, words.itWaitsToSwitchUntilFewer],
  busy_wait_s: [words.waitForABusyService, words.aServiceCanSayThatIt],
  config_gate_s: [words.watchOtherSettingsFor, words.servicesMustDoWellWithThem],
};

function Shown({ upgrade }: Config): JSX.Element {
  const { freeze, gate_s, switch_s, max_backlog, busy_wait_s, config_gate_s, windows } = upgrade;
  return (
    <Facts>
      <Fact name={words.frozen}>
        {freeze ? <Status tone="warn">{words.yesNothingIsApplied}</Status> : words.no}
      </Fact>
      <Fact name={words.windows}>
        {windows?.length
          ? windows.map((one) => <div key={windowText(one)}>{windowText(one)}</div>)
          : words.anyTime}
      </Fact>
      <Fact name={words.watchedFor}>{duration(gate_s ?? 0)}</Fact>
      <Fact name={words.backAtWorkWithin}>{duration(switch_s ?? 0)}</Fact>
      <Fact name={words.waitsForTheBacklog}>
        {max_backlog ? words.belowRecords(count(max_backlog)) : words.no}
      </Fact>
      <Fact name={words.waitsForABusyService}>
        {busy_wait_s ? words.atMost(duration(busy_wait_s)) : words.no}
      </Fact>
      <Fact name={words.otherSettingsWatchedFor}>
        {config_gate_s ? duration(config_gate_s) : words.notWatched}
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
  const windowsBefore = (config.upgrade.windows ?? []).map(windowText).join('\n');
  const [form, setForm] = useState<UpgradeForm>(before);
  const [windows, setWindows] = useState(windowsBefore);
  const [errors, setErrors] = useState<UpgradeErrors & { windows?: string }>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const save = async (event: Event) => {
    event.preventDefault();
    const { patch, errors: fields } = upgradePatch(form, before);
    const open = windowsOf(windows);
    const wrong = { ...fields, ...(typeof open === 'string' ? { windows: open } : {}) };
    if (typeof open !== 'string' && windows !== windowsBefore) patch.windows = open;
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
    <form onSubmit={save} noValidate aria-label={words.upgradeSettings}>
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
          beside={<span class="unit">{UPGRADE_UNITS[name].unit || words.records}</span>}
        />
      ))}
      <div class={errors.windows ? 'field has-error' : 'field'}>
        <label for="windows">{words.windows}</label>
        <p class="hint" id="windows-hint">
          {words.whenAnUpgradeMayBegin}
        </p>
        {errors.windows && (
          <p class="error-text" id="windows-error">
            {errors.windows}.
          </p>
        )}
        <textarea
          id="windows"
          rows={2}
          spellcheck={false}
          placeholder={words.windowExample}
          aria-invalid={errors.windows ? true : undefined}
          aria-describedby={errors.windows ? 'windows-hint windows-error' : 'windows-hint'}
          value={windows}
          onInput={(e) => setWindows(e.currentTarget.value)}
        />
      </div>
      <div class="inputs">
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? words.saving : words.save}
        </button>
        <button type="button" class="button" disabled={busy} onClick={onClose}>
          {words.cancel}
        </button>
      </div>
    </form>
  );
}

const STALE = words.somebodyHasChangedTheSettings;

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
    const text = frozen ? words.frozenNoReleaseIsApplied : words.releasesCanBeAppliedAgain;
    await change(now, { freeze: frozen }, text).catch((error) => setDone({ text: '', error }));
    setBusy(false);
  };
  const now = asked.value;
  const frozen = now?.config.upgrade.freeze === true;
  return (
    <Card
      title={words.upgradeSettings}
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
            {words.change}
            <span class="unseen"> {words.upgradeSettings2}</span>
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
          onSave={(patch) => change(now, patch, words.savedItHoldsFromTheNext)}
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
            {frozen ? words.liftTheFreeze : words.freeze}
          </button>
        </>
      )}
    </Card>
  );
}
