// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';

export interface Deed {
  busy: boolean;
  /** What came of the last one. */
  text: string;
  /** Why it came to nothing; null where it did not fail. */
  error: unknown;
  /** work says what it did. Answers whether it did. */
  run: (work: () => Promise<string>) => Promise<boolean>;
}

/** What somebody does on a page, one thing at a time. */
export function useDeed(): Deed {
  const [now, setNow] = useState<Omit<Deed, 'run'>>({ busy: false, text: '', error: null });
  const run = async (work: () => Promise<string>) => {
    setNow({ busy: true, text: '', error: null });
    try {
      setNow({ busy: false, text: await work(), error: null });
      return true;
    } catch (error) {
      setNow({ busy: false, text: '', error });
      return false;
    }
  };
  return { ...now, run };
}
