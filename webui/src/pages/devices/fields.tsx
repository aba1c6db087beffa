// SPDX-License-Identifier: Apache-2.0
// What the forms of accounts share: what a device may do, and how it proves itself.
import type { JSX } from 'preact';
import type { DeviceCertificateRequest } from '../../api/types';
import { inFull, topicsOf } from '../../derive/account';
import { Field } from '../../parts/field';
import { plain } from '../../parts/form';
import { devices } from '../../text';

const { fields: text } = devices;

export interface Rights {
  publish: string;
  subscribe: string;
  description: string;
}

export type RightsErrors = Partial<Record<keyof Rights, string>>;

export function RightsFields({
  name,
  rights,
  errors,
  onChange,
}: {
  name: string;
  rights: Rights;
  errors: RightsErrors;
  onChange: (change: Partial<Rights>) => void;
}): JSX.Element {
  const full = topicsOf(rights.publish).map((one) => inFull(one, name));
  return (
    <>
      <Field
        id="account-publish"
        label={text.publish}
        hint={text.publishHint}
        error={errors.publish}
        input={plain(rights.publish, (publish) => onChange({ publish }), true)}
      >
        {name !== '' && rights.publish.includes('%u') && (
          <p class="hint breaks as">{text.as(full.join(' '))}</p>
        )}
      </Field>
      <Field
        id="account-subscribe"
        label={text.subscribe}
        hint={text.subscribeHint}
        error={errors.subscribe}
        input={plain(rights.subscribe, (subscribe) => onChange({ subscribe }), true)}
      />
      <Field
        id="account-description"
        label={text.description}
        error={errors.description}
        input={plain(rights.description, (description) => onChange({ description }))}
      />
    </>
  );
}

export interface CertificateWish {
  keyThere: boolean;
  csr: string;
  days: string;
}

export const CERTIFICATE_WISH: CertificateWish = { keyThere: false, csr: '', days: '3650' };

export type CertificateErrors = { csr?: string; days?: string };

/** What is wrong with it as far as can be told here; the request is the gateway's to judge. */
export function wrongWish({ keyThere, csr, days }: CertificateWish): CertificateErrors {
  const errors: CertificateErrors = {};
  if (keyThere && csr.trim() === '') errors.csr = text.requestMissing;
  if (!/^\d+$/.test(days.trim()) || Number(days) < 1 || Number(days) > 3650)
    errors.days = text.daysWrong;
  return errors;
}

export function requestOf({ keyThere, csr, days }: CertificateWish): DeviceCertificateRequest {
  return { days: Number(days), ...(keyThere ? { csr: `${csr.trim()}\n` } : {}) };
}

export function CertificateFields({
  wish,
  errors,
  onChange,
}: {
  wish: CertificateWish;
  errors: CertificateErrors;
  onChange: (change: Partial<CertificateWish>) => void;
}): JSX.Element {
  const keys = [
    [false, text.keyHere, text.keyHereHint],
    [true, text.keyThere, text.keyThereHint],
  ] as const;
  return (
    <>
      <fieldset class="policies">
        <legend>{text.key}</legend>
        {keys.map(([there, title, hint]) => (
          <label key={title}>
            <input
              type="radio"
              name="certificate-key"
              checked={wish.keyThere === there}
              onChange={() => onChange({ keyThere: there })}
            />
            <span>
              <b>{title}</b>
              <span class="hint">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {wish.keyThere && (
        <div class={errors.csr ? 'field has-error' : 'field'}>
          <label for="certificate-csr">{text.request}</label>
          {errors.csr && (
            <p class="error-text" id="certificate-csr-error">
              {errors.csr}.
            </p>
          )}
          <textarea
            id="certificate-csr"
            rows={5}
            spellcheck={false}
            value={wish.csr}
            aria-invalid={errors.csr ? true : undefined}
            aria-describedby={errors.csr ? 'certificate-csr-error' : undefined}
            onInput={(e) => onChange({ csr: e.currentTarget.value })}
          />
        </div>
      )}
      <Field
        id="certificate-days"
        label={text.days}
        error={errors.days}
        input={{ ...plain(wish.days, (days) => onChange({ days })), inputMode: 'numeric' }}
        beside={<span class="unit">{text.daysUnit}</span>}
      />
    </>
  );
}
