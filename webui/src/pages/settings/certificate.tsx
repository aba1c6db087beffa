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
import { settings } from '../../text';
import type { PageProps } from '../props';

const words = settings.certificate;

function InForce({ now, at }: { now: Certificate; at: string }): JSX.Element {
  const mark = expiryMark(now.not_after, at);
  return (
    <Card title={words.inForce}>
      <Facts>
        <Fact name={words.for}>
          <span title={now.subject}>{commonName(now.subject)}</span>
        </Fact>
        <Fact name={words.issuedBy}>
          {now.source === 'own' ? (
            words.theGatewayItself
          ) : (
            <span title={now.issuer}>{commonName(now.issuer)}</span>
          )}
        </Fact>
        <Fact name={words.names}>
          <ul class="names">
            {now.names.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </Fact>
        <Fact name={words.validFrom}>{date(now.not_before)}</Fact>
        <Fact name={words.validUntil}>
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
          <span class="unseen">{words.error} </span>
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
      return words.itIsInForceForNew;
    });
  };
  return (
    <Card title={words.useOneOfTheSite}>
      <form onSubmit={send} noValidate aria-label={words.useOneOfTheSite}>
        <Refused error={refusal.rest} />
        <Outcome text={text} error={null} />
        <PemField
          id="certificate"
          label={words.certificate}
          hint={words.pemTheGatewaysOwnFirstThen}
          error={refusal.fields.certificate}
          onFile={setChain}
        />
        <PemField
          id="key"
          label={words.privateKey}
          hint={words.pemWithoutAPassphraseItNever}
          error={refusal.fields.key}
          onFile={setKey}
        />
        <button type="submit" class="button primary" disabled={busy || !chain || !key}>
          {busy ? words.checking : words.putItInForce}
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
        return words.theGatewaysOwnCertificateIsIn;
      })
      .then(() => asked.again());
  const { tone, word, title } = now
    ? certificateAnswer(now, state.at)
    : { tone: 'off' as const, word: words.certificate, title: words.byWhatABrowserKnowsThis };
  return (
    <>
      <Headline
        tone={tone}
        eyebrow={word}
        title={title}
        detail={now?.source === 'own' && words.aBrowserWarnsOfItBecause}
      />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome text={deed.text} error={deed.error} />
      {now && (
        <div class={admin ? 'columns' : 'stack'}>
          <div class="stack">
            <InForce now={now} at={state.at} />
            <Card title={words.fingerprint}>
              <p class="quiet above">{words.inTheBrowserTheSignBeside}</p>
              <Fingerprint value={now.fingerprint} />
            </Card>
          </div>
          {admin && (
            <div class="stack">
              <Replace onReplaced={() => void asked.again()} />
              {now.source === 'site' && (
                <Card title={words.backToItsOwn}>
                  <p class="quiet above">{words.theGatewayKeepsTheCertificate}</p>
                  <button
                    type="button"
                    class="button bad"
                    disabled={deed.busy}
                    onClick={() => setAsking(true)}
                  >
                    {words.useItsOwn}
                  </button>
                </Card>
              )}
            </div>
          )}
        </div>
      )}
      {asking && (
        <Confirm
          title={words.useTheGatewaysOwnCertificate}
          confirm={words.useItsOwn2}
          danger
          onConfirm={() => void back()}
          onClose={() => setAsking(false)}
        >
          <p>{words.theSitesCertificateAndKeyAre}</p>
        </Confirm>
      )}
    </>
  );
}
