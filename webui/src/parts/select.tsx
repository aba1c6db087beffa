// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';

/** One value or none; the label stands where none is chosen. */
export function Select({
  label,
  options,
  value,
  onChoose,
}: {
  label: string;
  options: readonly (readonly [string, string])[];
  value: string;
  onChoose: (value: string) => void;
}): JSX.Element {
  return (
    <select aria-label={label} value={value} onChange={(e) => onChoose(e.currentTarget.value)}>
      <option value="">{label}</option>
      {options.map(([one, title]) => (
        <option value={one} key={one}>
          {title}
        </option>
      ))}
    </select>
  );
}
