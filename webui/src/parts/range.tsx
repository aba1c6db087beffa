// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useLocation } from 'preact-iso';
import type { HistoryRange } from '../api/types';
import { isRange, RANGES, SPAN_TEXT } from '../derive/series';
import { parts } from '../text';

const text = parts.range;

/** How far back the charts of a page go; part of its address. */
export function useRange(): HistoryRange {
  const wanted = useLocation().query['range'];
  return isRange(wanted) ? wanted : '10m';
}

export function RangeChoice({ range }: { range: HistoryRange }): JSX.Element {
  const { path, route } = useLocation();
  return (
    <fieldset class="choice">
      <legend class="unseen">{text.howFarBack}</legend>
      {RANGES.map((one) => (
        <button
          type="button"
          key={one}
          class="chip"
          aria-pressed={one === range}
          onClick={() => route(one === '10m' ? path : `${path}?range=${one}`, true)}
        >
          {SPAN_TEXT[one]}
        </button>
      ))}
    </fieldset>
  );
}
