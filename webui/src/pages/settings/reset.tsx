// SPDX-License-Identifier: Apache-2.0
// A gateway becomes a new one: what would go is said before, and the page waits for who claims it next. For an admin.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type DataChoice, factoryReset } from '../../api/reset';
import type { Gateway, Reset } from '../../api/types';
import { losses, recordsText } from '../../derive/reset';
import { Headline } from '../../parts/asked';
import { Card, Notice } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { Field } from '../../parts/field';
import { plain, Refused } from '../../parts/form';
import { useDeed } from '../../state/deed';
import { findOut, willBeAnother } from '../../state/session';
import { reset as text } from '../../text';

const CHOICES = ['keep', 'wipe'] as const;

function Data({
  would,
  chosen,
  onChoose,
}: {
  would: Reset;
  chosen: DataChoice | null;
  onChoose: (choice: DataChoice) => void;
}): JSX.Element {
  const records = recordsText(would);
  return (
    <fieldset class="policies">
      <legend>{text.data}</legend>
      {CHOICES.map((one) => (
        <label key={one}>
          <input
            type="radio"
            name="reset-data"
            value={one}
            checked={chosen === one}
            onChange={() => onChoose(one)}
          />
          <span>
            <b>{text[one]}</b>
            <span class="hint">{records[one]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface SureProps {
  name: string;
  would: Reset;
  onConfirm: (data: DataChoice) => void;
  onClose: () => void;
}

/** Nothing is chosen beforehand: neither is right for everybody, and one of them loses records. */
function Sure({ name, would, onConfirm, onClose }: SureProps): JSX.Element {
  const [chosen, setChosen] = useState<DataChoice | null>(null);
  const [typed, setTyped] = useState('');
  return (
    <Confirm
      title={text.sure(name)}
      confirm={text.confirm[chosen ?? 'none']}
      danger
      ready={chosen !== null && typed.trim() === would.gateway}
      onConfirm={() => chosen && onConfirm(chosen)}
      onClose={onClose}
    >
      <p>{text.sureText}</p>
      <p>{text.goes}</p>
      <ul class="losses">
        {losses(would).map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <p>{text.stays(would.gateway, would.release)}</p>
      <Data would={would} chosen={chosen} onChoose={setChosen} />
      <Field id="reset-gateway" label={text.type(would.gateway)} input={plain(typed, setTyped)} />
    </Confirm>
  );
}

export function ResetCard({
  gateway,
  onBegun,
}: {
  gateway: Gateway;
  onBegun: () => void;
}): JSX.Element {
  const [would, setWould] = useState<Reset | null>(null);
  const deed = useDeed();
  const look = () =>
    deed.run(async () => {
      setWould(await factoryReset.look());
      return '';
    });
  const begin = (data: DataChoice, id: string) =>
    deed.run(async () => {
      await factoryReset.begin(data, id);
      willBeAnother();
      onBegun();
      return '';
    });
  return (
    <Card title={text.title}>
      <p class="quiet above">{text.what}</p>
      <Refused error={deed.error} />
      <button type="button" class="button bad" disabled={deed.busy} onClick={() => void look()}>
        {deed.busy ? text.looking : text.send}
      </button>
      {would && (
        <Sure
          name={gateway.name}
          would={would}
          onConfirm={(data) => void begin(data, would.gateway)}
          onClose={() => setWould(null)}
        />
      )}
    </Card>
  );
}

const ASK_EVERY_MS = 2000;

/** Until there is somebody to claim it: who is here is found out anew then. */
export function ResetBegun(): JSX.Element {
  useEffect(() => {
    const timer = setInterval(() => void findOut(), ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <div role="status" data-testid="reset-begun">
      <Headline tone="move" eyebrow={text.title} title={text.begun} detail={text.begunText} />
      <Notice tone="warn" title={text.certificate}>
        <p>{text.certificateText}</p>
        <button type="button" class="button" onClick={() => location.assign('/')}>
          {text.again}
        </button>
      </Notice>
    </div>
  );
}
