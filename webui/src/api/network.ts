// SPDX-License-Identifier: Apache-2.0
import { withSession } from './client';
import type { Network, NetworkChange } from './types';

export const network = {
  read: () => withSession<Network>('GET', '/network'),
  change: (change: NetworkChange) => withSession<Network>('POST', '/network', change),
  confirm: (id: string) => withSession<Network>('POST', '/network/confirm', { id }),
};
