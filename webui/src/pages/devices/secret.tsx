// SPDX-License-Identifier: Apache-2.0
// What can be known only now: a new password, or a new certificate with its key.
import type { JSX } from 'preact';
import type { DeviceAccountSecret, DeviceCertificate } from '../../api/types';
import { CA_FILE } from '../../derive/snippets';
import { Copyable, Notice } from '../../parts/basics';
import { saveFile } from '../../parts/save';
import { devices } from '../../text';

const { secret: text } = devices;
const PEM = 'application/x-pem-file';

export type Made =
  | { kind: 'password'; secret: DeviceAccountSecret }
  | { kind: 'certificate'; issued: DeviceCertificate };

function Password({ secret }: { secret: DeviceAccountSecret }): JSX.Element | null {
  if (secret.password === null) return null;
  return (
    <Notice tone="ok" title={text.password(secret.account.name)}>
      <p>
        <Copyable value={secret.password} label={text.copyPassword} />
      </p>
    </Notice>
  );
}

function Files({ issued }: { issued: DeviceCertificate }): JSX.Element {
  const { name } = issued.account;
  const files: [title: string, file: string, pem: string][] = [
    [text.certificate, `${name}.crt`, issued.certificate],
    ...(issued.key === null
      ? []
      : [[text.key, `${name}.key`, issued.key] as [string, string, string]]),
    [text.ca, CA_FILE, issued.ca],
  ];
  return (
    <Notice tone="ok" title={issued.key === null ? text.filesWithoutKey(name) : text.files(name)}>
      <p class="files">
        {files.map(([title, file, pem]) => (
          <button
            type="button"
            class="button"
            key={file}
            title={file}
            onClick={() => saveFile(file, PEM, pem)}
          >
            {title}
          </button>
        ))}
      </p>
    </Notice>
  );
}

export function Secret({ made }: { made: Made }): JSX.Element {
  return (
    <div role="status" data-testid="secret">
      {made.kind === 'password' ? (
        <Password secret={made.secret} />
      ) : (
        <Files issued={made.issued} />
      )}
    </div>
  );
}
