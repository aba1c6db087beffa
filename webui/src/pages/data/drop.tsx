// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { data } from '../../api/data';
import type { Lane } from '../../api/types';
import { count, date, timeOfDay } from '../../format/format';
import { Confirm } from '../../parts/confirm';
import { data as dataText } from '../../text';

const words = dataText.drop;

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
      onDone({ text: words.givenUp(count(dropped)), error: null });
    } catch (error) {
      onDone({ text: '', error });
    }
  };
  return (
    <Confirm
      title={words.giveRecordsUp}
      confirm={words.giveUpForGood}
      danger
      ready={typed.trim() === WORD}
      onConfirm={() => void drop()}
      onClose={onClose}
    >
      <p>
        <strong data-testid="to-drop">
          {lane ? words.theLane(lane) : words.everyLane}
          {Number.isFinite(time) ? words.until(timeOfDay(time), date(until)) : words.allOfIt}
        </strong>{' '}
        {words.areHeldInAllWholeBlocks(count(held))}
      </p>
      <div class="inputs">
        <label>
          {words.lane}
          <select value={lane} onChange={(e) => setLane(e.currentTarget.value as Lane | '')}>
            <option value="bulk">{words.bulk}</option>
            <option value="normal">{words.normal}</option>
            <option value="alarm">{words.alarm}</option>
            <option value="">{words.allLanes}</option>
          </select>
        </label>
        <label class="grow">
          {words.until2}
          <input
            type="datetime-local"
            value={until}
            onInput={(e) => setUntil(e.currentTarget.value)}
          />
        </label>
        <label class="grow whole">
          <span>
            {words.type} <code>{WORD}</code> {words.toGoOn}
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
