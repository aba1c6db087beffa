// SPDX-License-Identifier: Apache-2.0
// The registry as a source of releases: looked into when somebody wants to know.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { api, errorText } from '../../api/client';
import { releases } from '../../api/releases';
import type { RegistryCheck } from '../../api/types';
import { checkText } from '../../derive/release';
import { releases as releasesText } from '../../text';

const words = releasesText.registry;

export function Registry({
  check,
  at,
  mayAsk,
  onChecked,
}: {
  check: RegistryCheck;
  at: string;
  mayAsk: boolean;
  onChecked: () => void;
}): JSX.Element {
  const [asking, setAsking] = useState(false);
  const [operation, setOperation] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { text, problem } = checkText(check, at);

  const ask = async () => {
    setAsking(true);
    setError(null);
    try {
      await releases.check(setOperation);
    } catch (why) {
      setError(why);
    }
    setOperation(null);
    setAsking(false);
    onChecked();
  };
  return (
    <div class="registry" data-testid="registry">
      <p class="quiet breaks" role="status">
        {text}
      </p>
      {problem && <p class="quiet breaks">{problem}</p>}
      {error !== null && (
        <p class="error-text" role="alert">
          {errorText(error)}
        </p>
      )}
      {mayAsk && check.host !== null && (
        <button
          type="button"
          class="button small"
          disabled={asking || check.busy}
          onClick={() => void ask()}
        >
          {asking ? words.looking : words.lookForNewOnes}
        </button>
      )}
      {operation !== null && (
        <button
          type="button"
          class="button small"
          onClick={() => void api.giveUp(operation).catch(setError)}
        >
          {words.giveItUp}
        </button>
      )}
    </div>
  );
}
