// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { encode } from 'uqr';
import { type Connection, codePath, uri } from '../../derive/snippets';
import { devices } from '../../text';

const { qr: text } = devices;
/** What a phone still reads from a screen at an arm's length: about 90 modules a side. */
const BYTES_MAX = 500;
/** A scanner wants so many empty modules around (ISO/IEC 18004). */
const QUIET = 4;

function note({ certificate, password }: Connection): string {
  if (certificate) return text.forCertificate;
  return password === null ? text.withoutPassword : text.withPassword;
}

export function Qr({ connection }: { connection: Connection }): JSX.Element {
  const address = uri(connection);
  if (address.length > BYTES_MAX) return <p class="quiet">{text.tooLong}</p>;
  const { data, size } = encode(address, { ecc: 'M', border: QUIET });
  const shown = uri({ ...connection, password: null });
  return (
    <figure class="qr" data-testid="qr">
      <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={text.label(shown)}>
        <path d={codePath(data)} />
      </svg>
      <figcaption class="quiet breaks">
        <span class="mono">{shown}</span>
        <br />
        {note(connection)}
      </figcaption>
    </figure>
  );
}
