// SPDX-License-Identifier: Apache-2.0
// Events out of a text that comes in pieces (WHATWG HTML, 9.2.6), so far as the gateway makes use of it.
import type { StreamEvent } from './events';

/** Is given the pieces; gives each event as soon as it is whole. */
export function eventReader(give: (event: StreamEvent) => void): (piece: string) => void {
  let rest = '';
  let id: string | null = null;
  let name = '';
  let data: string[] = [];

  const end = () => {
    if (data.length > 0) give({ id, name: name || 'message', data: data.join('\n') });
    id = null;
    name = '';
    data = [];
  };
  const take = (line: string) => {
    if (line === '') return end();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    else if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
  };
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  };
}
