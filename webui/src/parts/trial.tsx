// SPDX-License-Identifier: Apache-2.0
import '../style/trial.css';
import type { JSX } from 'preact';
import type { SinkTest } from '../api/types';
import { isFree, type Stage, stagesOf } from '../derive/setup';
import type { Tone } from '../derive/tone';
import { trialText } from '../text';
import { Icon } from './icon';

const TONE: Record<Stage['state'], Tone> = {
  done: 'ok',
  failed: 'bad',
  trying: 'off',
  unreached: 'off',
};

const WORD: Record<Stage['state'], string> = {
  done: trialText.done,
  failed: trialText.failed,
  trying: trialText.trying,
  unreached: trialText.notReached,
};

/** A date is not broken where the line ends. */
function whole(text: string): string {
  return text.replace(/(?<=\d)-(?=\d)/g, '\u2011');
}

/** It works, and is no reason to be content. */
function isOpen({ step, state, detail }: Stage): boolean {
  return step === 'tls' && state === 'done' && detail.startsWith('none');
}

function Line({ stage, over }: { stage: Stage; over: boolean }): JSX.Element {
  const { step, state, ms, detail } = stage;
  return (
    <li class={`tone-${isOpen(stage) ? 'warn' : TONE[state]}`} data-step={step} data-state={state}>
      {state === 'done' || state === 'failed' ? (
        <Icon name={state === 'done' ? 'check' : 'cross'} size={16} />
      ) : (
        <span class="dot" aria-hidden="true" />
      )}
      <span>
        {trialText.steps[step]}
        <span class="unseen">: {WORD[state]}</span>
      </span>
      <span class="quiet">{ms === null ? over && WORD[state] : ms > 0 && trialText.ms(ms)}</span>
      {detail && <span class="trial-detail breaks">{whole(detail)}</span>}
    </li>
  );
}

/** How far a test of a way out came; null: it is under way. */
export function Trial({ test }: { test: SinkTest | null }): JSX.Element {
  const free = test !== null && isFree(test);
  return (
    <div
      class={test ? 'trial' : 'trial running'}
      data-testid="trial"
      data-ok={test ? free : undefined}
      aria-busy={test === null}
    >
      <ol aria-label={trialText.label}>
        {stagesOf(test).map((stage) => (
          <Line key={stage.step} stage={stage} over={test !== null} />
        ))}
      </ol>
      {test && <p class="quiet">{free ? trialText.free : trialText.stuck}</p>}
    </div>
  );
}
