// SPDX-License-Identifier: Apache-2.0
// By what a browser knows that this is the gateway.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { certificate } from '../../api/access';
import type { Certificate } from '../../api/types';
import { certificateAnswer, commonName, expiryMark } from '../../derive/access';
import { NOT_REFUSED, type Refusal, refusalOf } from '../../derive/problem';
import { date } from '../../format/format';
import { Headline, Loading, mayAdminister, Outcome, Trouble } from '../../parts/asked';
import { Card, Fact, Facts, Status } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { Fingerprint } from '../../parts/fingerprint';
import { Refused } from '../../parts/form';
import { useAsked } from '../../state/asked';
import { useDeed } from '../../state/deed';
import type { PageProps } from '../props';

function InForce({ now, at }: { now: Certificate; at: string }): JSX.Element {
  const mark = expiryMark(now.not_after, at);
  return (
    <Card title="In force">
      <Facts>
        <Fact name="For">
          <span title={now.subject}>{commonName(now.subject)}</span>
        </Fact>
        <Fact name="Issued by">
          {now.source === 'own' ? (
            'the gateway itself'
          ) : (
            <span title={now.issuer}>{commonName(now.issuer)}</span>
          )}
        </Fact>
        <Fact name="Names">
          <ul class="names">
            {now.names.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </Fact>
        <Fact name="Valid from">{date(now.not_before)}</Fact>
        <Fact name="Valid until">
          {mark.tone === 'ok' ? (
            date(now.not_after)
          ) : (
            <Status tone={mark.tone}>
              {date(now.not_after)}, {mark.word}
            </Status>
          )}
        </Fact>
      </Facts>
    </Card>
  );
}

function PemField({
  id,
  label,
  hint,
  error,
  onFile,
}: {
  id: string;
  label: string;
  hint: string;
  error: string | undefined;
  onFile: (file: File | null) => void;
}): JSX.Element {
  return (
    <div class={`field ${error ? 'has-error' : ''}`}>
      <label for={id}>{label}</label>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      {error && (
        <p class="error-text" id={`${id}-error`}>
          <span class="unseen">Error: </span>
          {error}.
        </p>
      )}
      <input
        id={id}
        type="file"
        accept=".pem,.crt,.cer,.key"
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-hint ${id}-error` : `${id}-hint`}
        onChange={(e) => onFile(e.currentTarget.files?.[0] ?? null)}
      />
    </div>
  );
}

function Replace({ onReplaced }: { onReplaced: () => void }): JSX.Element {
  const [chain, setChain] = useState<File | null>(null);
  const [key, setKey] = useState<File | null>(null);
  const [refusal, setRefusal] = useState<Refusal<'certificate' | 'key'>>(NOT_REFUSED);
  const { busy, text, run } = useDeed();
  const send = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    if (!chain || !key) return;
    setRefusal(NOT_REFUSED);
    await run(async () => {
      const body = { certificate: await chain.text(), key: await key.text() };
      await certificate.replace(body).catch((error) => {
        setRefusal(refusalOf(error, ['certificate', 'key']));
        throw error;
      });
      form.reset();
      setChain(null);
      setKey(null);
      onReplaced();
      return 'It is in force for new connections. A page that is loaded anew uses it.';
    });
  };
  return (
    <Card title="Use one of the site">
      <form onSubmit={send} noValidate aria-label="Use one of the site">
        <Refused error={refusal.rest} />
        <Outcome text={text} error={null} />
        <PemField
          id="certificate"
          label="Certificate"
          hint="PEM: the gateway’s own first, then whoever issued it, and so on."
          error={refusal.fields.certificate}
          onFile={setChain}
        />
        <PemField
          id="key"
          label="Private key"
          hint="PEM, without a passphrase. It never leaves the gateway again."
          error={refusal.fields.key}
          onFile={setKey}
        />
        <button type="submit" class="button primary" disabled={busy || !chain || !key}>
          {busy ? 'Checking…' : 'Put it in force'}
        </button>
      </form>
    </Card>
  );
}

export function CertificatePage({ session, state }: PageProps): JSX.Element {
  const asked = useAsked(certificate.read, null);
  const [asking, setAsking] = useState(false);
  const deed = useDeed();
  const now = asked.value;
  const admin = mayAdminister(session);
  const back = () =>
    deed
      .run(async () => {
        await certificate.backToOwn();
        return 'The gateway’s own certificate is in force again.';
      })
      .then(() => asked.again());
  const { tone, word, title } = now
    ? certificateAnswer(now, state.at)
    : { tone: 'off' as const, word: 'Certificate', title: 'By what a browser knows this gateway.' };
  return (
    <>
      <Headline
        tone={tone}
        eyebrow={word}
        title={title}
        detail={
          now?.source === 'own' &&
          'A browser warns of it, because nobody it trusts has signed it. It is the right one where the browser shows the same fingerprint.'
        }
      />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome text={deed.text} error={deed.error} />
      {now && (
        <div class={admin ? 'columns' : 'stack'}>
          <div class="stack">
            <InForce now={now} at={state.at} />
            <Card title="Fingerprint">
              <p class="quiet above">
                In the browser: the sign beside the address, then the certificate’s details.
              </p>
              <Fingerprint value={now.fingerprint} />
            </Card>
          </div>
          {admin && (
            <div class="stack">
              <Replace onReplaced={() => void asked.again()} />
              {now.source === 'site' && (
                <Card title="Back to its own">
                  <p class="quiet above">
                    The gateway keeps the certificate that it made for itself, as it was.
                  </p>
                  <button
                    type="button"
                    class="button bad"
                    disabled={deed.busy}
                    onClick={() => setAsking(true)}
                  >
                    Use its own…
                  </button>
                </Card>
              )}
            </div>
          )}
        </div>
      )}
      {asking && (
        <Confirm
          title="Use the gateway’s own certificate?"
          confirm="Use its own"
          danger
          onConfirm={() => void back()}
          onClose={() => setAsking(false)}
        >
          <p>The site’s certificate and key are forgotten. Browsers will warn of the own one.</p>
        </Confirm>
      )}
    </>
  );
}
