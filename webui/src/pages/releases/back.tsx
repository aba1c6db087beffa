// SPDX-License-Identifier: Apache-2.0
// Back to the release before, by a person.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { errorText } from '../../api/client';
import { releases } from '../../api/releases';
import type { Plan, ReleaseShort } from '../../api/types';
import { changeText, mayLose } from '../../derive/release';
import type { TitleOf } from '../../derive/upgrade';
import { Confirm } from '../../parts/confirm';
import { usePlan } from '../../state/releases';
import { releases as releasesText } from '../../text';

const text = releasesText.back;

function What({ plan, titleOf }: { plan: Plan; titleOf: TitleOf }): JSX.Element {
  return (
    <>
      <ul class="back-services">
        {plan.services.map((s) => (
          <li key={s.service}>
            <strong>{titleOf(s.service)}</strong> <span class="breaks">{changeText(s)}</span>
          </li>
        ))}
      </ul>
      <p>
        {text.itIsWatchedAsAnyOther(
          plan.fetch.images === 0 ? text.itsImagesAreStillHereIt : text.anImageOfItIsNot,
        )}
      </p>
      {plan.schema_changes.length > 0 ? (
        <>
          <p class="error-text">{text.whatIsStoredIsChangedBack}</p>
          <ul class="back-services">
            {plan.schema_changes.map((change) => (
              <li key={change}>{change}</li>
            ))}
          </ul>
        </>
      ) : (
        <p>{text.recordsAndSettingsStay}</p>
      )}
    </>
  );
}

function Dialog({
  to,
  titleOf,
  onClose,
  onFailed,
}: {
  to: ReleaseShort;
  titleOf: TitleOf;
  onClose: () => void;
  onFailed: (error: unknown) => void;
}): JSX.Element {
  const { route } = useLocation();
  const asked = usePlan(to.id, '');
  const [typed, setTyped] = useState('');
  const plan = asked.value?.plan ?? null;
  const waits = plan === null && asked.error === null;
  const loses = !waits && mayLose(plan);
  const back = () =>
    releases.rollBack().then(() => {
      onFailed(null);
      route('/releases');
    }, onFailed);
  return (
    <Confirm
      title={text.rollBackTo(to.name)}
      confirm={text.rollBack}
      danger
      ready={!waits && (!loses || typed.trim() === to.name)}
      onConfirm={() => void back()}
      onClose={onClose}
    >
      {waits && <p>{text.askingWhatItWouldDo}</p>}
      {plan && <What plan={plan} titleOf={titleOf} />}
      {asked.error !== null && !plan && (
        <p class="error-text">{text.whatItWouldDoIsNot(errorText(asked.error))}</p>
      )}
      {loses && (
        <div class="inputs">
          <label class="grow whole">
            <span>
              {text.type} <code>{to.name}</code> {text.toGoOn}
            </span>
            <input
              class="mono"
              value={typed}
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
              onInput={(e) => setTyped(e.currentTarget.value)}
            />
          </label>
        </div>
      )}
    </Confirm>
  );
}

export function RollBack({
  to,
  titleOf,
  small,
}: {
  to: ReleaseShort;
  titleOf: TitleOf;
  small?: boolean;
}): JSX.Element {
  const [asks, setAsks] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <button
        type="button"
        class={`button ${small ? 'small' : ''}`}
        onClick={() => {
          setError(null);
          setAsks(true);
        }}
      >
        {text.rollBack}
        <span class="unseen"> {text.to(to.name)}</span>
      </button>
      {error !== null && (
        <p class="error-text" role="alert">
          {errorText(error)}
        </p>
      )}
      {asks && (
        <Dialog to={to} titleOf={titleOf} onClose={() => setAsks(false)} onFailed={setError} />
      )}
    </>
  );
}
