// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { data } from '../../api/data';
import type { Lane } from '../../api/types';
import { count, date, timeOfDay } from '../../format/format';
import { Confirm } from '../../parts/confirm';

const WORD = 'drop';

export interface DropResult {
  text: string;
  error: unknown;
}

/** What stays where nothing is said about it: everything younger, and the other lanes. */
export function DropDialog({
  held,
  onClose,
  onDone,
}: {
  held: number;
  onClose: () => void;
  onDone: (result: DropResult) => void;
}): JSX.Element {
  const [lane, setLane] = useState<Lane | ''>('bulk');
  const [until, setUntil] = useState('');
  const [typed, setTyped] = useState('');
  const time = Date.parse(until);
  const drop = async () => {
    try {
      const { dropped } = await data.drop({
        lane: lane || null,
        until: Number.isFinite(time) ? new Date(time).toISOString() : null,
        confirm: 'drop',
      });
      onDone({ text: `${count(dropped)} given up.`, error: null });
    } catch (error) {
      onDone({ text: '', error });
    }
  };
  return (
    <Confirm
      title="Give records up?"
      confirm="Give up for good"
      danger
      ready={typed.trim() === WORD}
      onConfirm={() => void drop()}
      onClose={onClose}
    >
      <p>
        <strong data-testid="to-drop">
          {lane ? `The ${lane} lane` : 'Every lane'}
          {Number.isFinite(time) ? `, until ${timeOfDay(time)}, ${date(until)}.` : ', all of it.'}
        </strong>{' '}
        {count(held)} are held in all. Whole blocks go, whose newest record is not younger than the
        time; without a time, all. There is no way back.
      </p>
      <div class="inputs">
        <label>
          Lane
          <select value={lane} onChange={(e) => setLane(e.currentTarget.value as Lane | '')}>
            <option value="bulk">bulk</option>
            <option value="normal">normal</option>
            <option value="alarm">alarm</option>
            <option value="">all lanes</option>
          </select>
        </label>
        <label class="grow">
          Until
          <input
            type="datetime-local"
            value={until}
            onInput={(e) => setUntil(e.currentTarget.value)}
          />
        </label>
        <label class="grow whole">
          <span>
            Type <code>{WORD}</code> to go on
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
    </Confirm>
  );
}
