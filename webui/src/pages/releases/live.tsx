// SPDX-License-Identifier: Apache-2.0
// The upgrade under way, step by step.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorText } from '../../api/client';
import { releases } from '../../api/releases';
import type { Session, Upgrade } from '../../api/types';
import { sentence } from '../../derive/incident';
import { checkMark, checkTitle, type Step, stepsOf } from '../../derive/release';
import { isUnderWay, type TitleOf } from '../../derive/upgrade';
import { duration, secondsBetween, timeNear } from '../../format/format';
import { mayAdminister } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { Icon } from '../../parts/icon';
import { releases as releasesText } from '../../text';

const text = releasesText.live;

function StepMark({ state }: { state: Step['state'] }): JSX.Element {
  return (
    <span class="step-mark" aria-hidden="true">
      {state === 'done' && <Icon name="check" size={14} />}
      {state === 'failed' && <Icon name="cross" size={14} />}
    </span>
  );
}

const SPOKEN: Record<Step['state'], string> = {
  todo: text.stillToCome,
  now: text.underWay,
  done: text.done,
  failed: text.failed,
};

function Gate({ gate }: { gate: NonNullable<Upgrade['gate']> }): JSX.Element {
  const passed = gate.seconds - gate.remaining_s;
  return (
    <div class="gate" data-testid="gate" data-remaining={gate.remaining_s}>
      <progress value={passed} max={gate.seconds} aria-label={text.howMuchOfTheWatchHas}>
        {text.ofS(passed, gate.seconds)}
      </progress>
      <ul class="checks">
        {gate.checks.map((check) => {
          const mark = checkMark(check);
          return (
            <li key={check.name} data-check={check.name} data-state={check.state}>
              <span>
                {checkTitle(check.name)}
                {check.detail && <span class="quiet breaks">{sentence(check.detail)}</span>}
              </span>
              <Status tone={mark.tone}>{mark.word}</Status>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function StepItem({ step, upgrade }: { step: Step; upgrade: Upgrade }): JSX.Element {
  return (
    <li
      class={`step step-${step.state}`}
      data-step={step.key}
      data-state={step.state}
      aria-current={step.state === 'now' ? 'step' : undefined}
    >
      <StepMark state={step.state} />
      <div>
        <p class="step-head">
          <span class="breaks">{step.title}</span>
          <span class="unseen">, {SPOKEN[step.state]}</span>
          <span class="step-word">{step.word}</span>
        </p>
        {step.detail && <p class="quiet breaks">{step.detail}</p>}
        {step.key === 'gate' && step.state === 'now' && upgrade.gate && (
          <Gate gate={upgrade.gate} />
        )}
      </div>
    </li>
  );
}

function GiveUp({ upgrade }: { upgrade: Upgrade }): JSX.Element {
  const [asks, setAsks] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const from = upgrade.from?.name;
  return (
    <>
      <button type="button" class="button small bad" onClick={() => setAsks(true)}>
        {text.giveItUp}
      </button>
      {error !== null && (
        <p class="error-text" role="alert">
          {errorText(error)}
        </p>
      )}
      {asks && (
        <Confirm
          title={text.goBackTo(from ?? '')}
          confirm={text.giveItUp}
          danger
          onClose={() => setAsks(false)}
          onConfirm={() => releases.giveUp(upgrade).then(() => setError(null), setError)}
        >
          <p>
            {text.whatWasSwitchedGoesBackTo} {from}
            {text.toImagesThatAreStillHere}
          </p>
        </Confirm>
      )}
    </>
  );
}

export function LiveCard({
  upgrade,
  session,
  titleOf,
  at,
}: {
  upgrade: Upgrade;
  session: Session;
  titleOf: TitleOf;
  at: string;
}): JSX.Element {
  const open = isUnderWay(upgrade);
  const took = secondsBetween(upgrade.started, upgrade.finished ?? at);
  const mayGiveUp = open && upgrade.state !== 'rolling_back' && mayAdminister(session);
  return (
    <Card
      title={`${upgrade.from?.name} → ${upgrade.release?.name}`}
      class="live-card"
      aside={mayGiveUp && <GiveUp upgrade={upgrade} />}
    >
      <ol class="upgrade-steps" data-testid="steps" data-state={upgrade.state}>
        {stepsOf(upgrade, titleOf).map((step) => (
          <StepItem key={step.key} step={step} upgrade={upgrade} />
        ))}
      </ol>
      <p class="quiet live-foot">
        {text.begunBy(upgrade.kind === 'rollback' ? text.rollback : text.upgrade, upgrade.actor)}
        {upgrade.started && `, ${timeNear(upgrade.started, at)}`}
        {took !== null && (open ? text.ago(duration(took)) : text.took(duration(took)))}
      </p>
    </Card>
  );
}
