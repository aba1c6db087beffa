// SPDX-License-Identifier: Apache-2.0
// How a device connects: a line for a shell, beginnings of programs, a code for a phone.
import type { FunctionComponent, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { accounts, CA_URL } from '../../api/accounts';
import { errorText } from '../../api/client';
import type { DeviceAccount, Gateway } from '../../api/types';
import { sampleTopic } from '../../derive/account';
import {
  arduino,
  CA_FILE,
  type Connection,
  espIdf,
  filesOf,
  microPython,
  publishLine,
} from '../../derive/snippets';
import { Card, Copyable, Fact, Facts } from '../../parts/basics';
import { useAsked } from '../../state/asked';
import { devices as allTexts } from '../../text';

const text = allTexts.connect;

type How = 'line' | 'arduino' | 'espIdf' | 'microPython' | 'qr';

const HOWS: readonly How[] = ['line', 'arduino', 'espIdf', 'microPython', 'qr'];

const CODE: Partial<Record<How, (c: Connection) => string>> = { arduino, espIdf, microPython };

/** What is known of how it proves itself, which is little once it has been shown. */
export interface Proof {
  password: string | null;
  certificate: Connection['certificate'];
}

/** Devices with a certificate have the port behind that of TLS. */
function portOf(field: Gateway['field'], tls: boolean, byCertificate: boolean): number {
  if (!tls || field.tls_port === null) return field.port;
  return byCertificate ? field.tls_port + 1 : field.tls_port;
}

function Code({ value }: { value: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [value]);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
  };
  return (
    <div class="code">
      <button type="button" class="button small" onClick={() => void copy()}>
        {copied ? text.copied : text.copyAll}
        <span class="unseen"> {text.copyCode}</span>
      </button>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard */}
      <pre class="payload" tabIndex={0} data-testid="code">
        {value}
      </pre>
      <span class="unseen" role="status">
        {copied ? text.copied : ''}
      </span>
    </div>
  );
}

/** The program that draws it comes when somebody wants to see one. */
function QrLater({ connection }: { connection: Connection }): JSX.Element {
  const [loaded, setLoaded] = useState<{ Qr: FunctionComponent<{ connection: Connection }> }>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    import('./qr').then(setLoaded, () => setFailed(true));
  }, []);
  if (loaded) return <loaded.Qr connection={connection} />;
  return <p class="quiet">{failed ? allTexts.qr.away : allTexts.qr.loading}</p>;
}

function Words({ line }: { line: string }): JSX.Element {
  return (
    <>
      {line.split(' ').map((word, i) => (
        <span key={i}>
          <span class="token">{word}</span>{' '}
        </span>
      ))}
    </>
  );
}

function Line({ connection }: { connection: Connection }): JSX.Element {
  const files = filesOf(connection);
  const line = publishLine(connection);
  return (
    <>
      <p class="breaks line">
        <Copyable value={line} shown={<Words line={line} />} label={text.copyLine} />
      </p>
      {files.length > 0 && <p class="quiet breaks">{text.needsFiles(files.join(text.and))}</p>}
      <Facts>
        <Fact name={text.address}>{connection.host}</Fact>
        <Fact name={text.port}>{connection.port}</Fact>
        {!connection.certificate && <Fact name={text.user}>{connection.name}</Fact>}
        <Fact name={text.topic}>
          <bdi class="mono">{connection.topic}</bdi>
        </Fact>
      </Facts>
    </>
  );
}

function Choice<T extends string>({
  label,
  options,
  value,
  onChoose,
}: {
  label: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChoose: (value: T) => void;
}): JSX.Element {
  return (
    <fieldset class="choice">
      <legend class="unseen">{label}</legend>
      {options.map(([one, title]) => (
        <button
          type="button"
          key={one}
          class="chip"
          aria-pressed={one === value}
          onClick={() => onChoose(one)}
        >
          {title}
        </button>
      ))}
    </fieldset>
  );
}

function useCa(wanted: boolean): { ca: string | null; error: unknown } {
  const asked = useAsked(() => (wanted ? accounts.ca() : Promise.resolve('')), null, `${wanted}`);
  return { ca: asked.value || null, error: asked.error };
}

export function Connect({
  account,
  proof,
  field,
}: {
  account: DeviceAccount;
  proof: Proof;
  field: Gateway['field'];
}): JSX.Element {
  const hasTls = field.tls_port !== null;
  const byCertificate = account.certificate !== null;
  const both = hasTls && field.port !== field.tls_port && !byCertificate;
  const [how, setHow] = useState<How>('line');
  const [wish, setWish] = useState<'tls' | 'plain'>('tls');
  const tls = byCertificate || (hasTls && !(both && wish === 'plain'));
  const { ca, error } = useCa(tls);
  const topic = sampleTopic(account);
  if (topic === null)
    return (
      <Card title={text.title}>
        <p class="quiet">{text.nothingToPublish}</p>
      </Card>
    );
  const connection: Connection = {
    name: account.name,
    host: field.address,
    port: portOf(field, tls, byCertificate),
    topic,
    password: proof.password,
    certificate: byCertificate ? (proof.certificate ?? { certificate: null, key: null }) : null,
    ca,
    tls,
  };
  const code = CODE[how];
  return (
    <Card title={text.title} class="connect">
      <div class="connect-choice">
        <Choice
          label={text.how}
          options={HOWS.map((one) => [one, text[one]] as const)}
          value={how}
          onChoose={setHow}
        />
        {both && (
          <Choice
            label={text.transport}
            options={[
              ['tls', text.tls],
              ['plain', text.plain],
            ]}
            value={wish}
            onChoose={setWish}
          />
        )}
      </div>
      {how === 'line' && <Line connection={connection} />}
      {code && <Code value={code(connection)} />}
      {how === 'qr' && <QrLater connection={connection} />}
      {how !== 'qr' && !byCertificate && proof.password === null && (
        <p class="quiet below">{text.noPassword}</p>
      )}
      {how !== 'qr' && byCertificate && proof.certificate?.key == null && (
        <p class="quiet below">{text.noKey}</p>
      )}
      {!tls && <p class="quiet below">{text.plainNote}</p>}
      {tls && error !== null && <p class="error-text below">{text.caAway(errorText(error))}</p>}
      {tls && (
        <p class="below">
          <a href={CA_URL} download={CA_FILE}>
            {text.caFile}
          </a>
        </p>
      )}
    </Card>
  );
}
