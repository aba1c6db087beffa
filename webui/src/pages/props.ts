// SPDX-License-Identifier: Apache-2.0
import type { Session, State } from '../api/types';

/** What every page is given. */
export interface PageProps {
  state: State;
  session: Session;
  path: string;
}
