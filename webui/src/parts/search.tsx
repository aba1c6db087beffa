// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Who types goes on typing: the gateway is asked after a pause. */
const PAUSE_MS = 250;
const LENGTH_MAX = 63;

export function Search({
  label,
  placeholder = label,
  value,
  onSearch,
}: {
  label: string;
  placeholder?: string;
  value: string;
  onSearch: (search: string) => void;
}): JSX.Element {
  const [typed, setTyped] = useState(value);
  const newest = useRef(onSearch);
  newest.current = onSearch;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (now: string) => {
    setTyped(now);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => newest.current(now.trim()), PAUSE_MS);
  };
  return (
    <label class="grow">
      <span class="unseen">{label}</span>
      <input
        type="search"
        value={typed}
        placeholder={placeholder}
        maxLength={LENGTH_MAX}
        dir="auto"
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        onInput={(e) => type(e.currentTarget.value)}
      />
    </label>
  );
}
