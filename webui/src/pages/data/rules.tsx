// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { errorText, isApiError } from '../../api/client';
import { configuration, type Revision } from '../../api/config';
import { data } from '../../api/data';
import type { DryRunResult, RuleList, Session } from '../../api/types';
import { payloadOf } from '../../derive/data';
import { parseRules } from '../../derive/settings';
import { count, countShort } from '../../format/format';
import { Headline, Loading, mayAdminister, Outcome, Table, Trouble } from '../../parts/asked';
import { Card, Notice, Status } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { useAsked } from '../../state/asked';

const EVERY_MS = 5000;
const EXAMPLE = `[
  {
    "filter": "sensors/+/temp",
    "decode": "number",
    "scale": { "factor": 0.1, "unit": "°C" },
    "deadband": { "delta": 0.2 }
  }
]`;

function InForce({ list }: { list: RuleList }): JSX.Element {
  const number = (value: number) => (
    <td class="number" title={count(value)}>
      {countShort(value)}
    </td>
  );
  return (
    <Card title="In force" aside={<span class="aside">the first that matches decides</span>}>
      {list.rules.length === 0 ? (
        <p class="quiet">No rules: every message becomes a record as it is.</p>
      ) : (
        <Table
          label="Rules in force, as a table"
          head={
            <>
              <th scope="col">Filter</th>
              <th scope="col">What it does</th>
              {['Matched', 'Out', 'Let go', 'Refused'].map((name) => (
                <th scope="col" class="number" key={name}>
                  {name}
                </th>
              ))}
            </>
          }
        >
          {list.rules.map((rule, i) => (
            <tr key={`${i}-${rule.filter}`}>
              <th scope="row" class="mono">
                {rule.filter}
              </th>
              <td>{rule.action}</td>
              {number(rule.matched)}
              {number(rule.out)}
              {number(rule.dropped)}
              {number(rule.quarantined)}
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}

type Out = { topic?: string; lane?: string };

function Trial({ result }: { result: DryRunResult }): JSX.Element {
  const { results } = result;
  if (results.length === 0)
    return (
      <p class="quiet">
        The rules are fine. The processor remembers no message to try them on: send one, and try
        again.
      </p>
    );
  return (
    <>
      <p class="quiet">
        In: {count(results.length)}, out: {count(results.reduce((sum, r) => sum + r.out.length, 0))}
        , the newest first.
      </p>
      <ol class="dry-run" data-testid="dry-run">
        {[...results].reverse().map((r, i) => (
          <li key={`${results.length - i}`}>
            <div>
              <b class="mono breaks">{r.topic}</b>
              <code class="breaks">{payloadOf(r.in).text}</code>
            </div>
            <div>
              {r.quarantined !== null ? (
                <Status tone="warn">quarantine: {r.quarantined}</Status>
              ) : r.out.length === 0 ? (
                <Status tone="off">{r.dropped ? 'let go' : 'nothing now'}</Status>
              ) : (
                r.out.map((out, n) => (
                  <p key={`${n}-${(out as Out).topic}`}>
                    <b class="mono breaks">{(out as Out).topic}</b>{' '}
                    <span class="quiet">{(out as Out).lane}</span>
                    <code class="breaks">{payloadOf(out).text}</code>
                  </p>
                ))
              )}
              <span class="quiet">{r.rule === null ? 'no rule' : `rule ${r.rule + 1}`}</span>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}

function Refusal({ error }: { error: unknown }): JSX.Element {
  const errors = isApiError(error) ? error.errors : [];
  return (
    <div role="alert">
      <Notice tone="bad" title={errorText(error)}>
        {errors.length > 0 && (
          <ul>
            {errors.map(({ pointer, detail }) => (
              <li key={pointer}>
                <code>{pointer}</code> {detail}
              </li>
            ))}
          </ul>
        )}
      </Notice>
    </div>
  );
}

function Editor({
  revision,
  admin,
  onSaved,
  onStale,
}: {
  revision: Revision | null;
  admin: boolean;
  onSaved: (now: Revision) => void;
  onStale: () => void;
}): JSX.Element {
  const rules = revision?.config.rules ?? [];
  const before = rules.length ? JSON.stringify(rules, null, 2) : '';
  const [edited, setEdited] = useState<string | null>(null);
  const text = edited ?? before;
  const [error, setError] = useState<unknown>(null);
  const [result, setResult] = useState<DryRunResult | null>(null);
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);

  const withRules = async (
    work: (rules: NonNullable<ReturnType<typeof parseRules>['rules']>) => Promise<void>,
  ) => {
    const parsed = parseRules(text);
    setError(null);
    if (parsed.rules === null) {
      setError(new Error(parsed.error));
      return;
    }
    setBusy(true);
    try {
      await work(parsed.rules);
    } catch (failure) {
      if (isApiError(failure, 412)) onStale();
      else setError(failure);
    }
    setBusy(false);
  };
  const dryRun = () => withRules(async (given) => setResult(await data.dryRun(given)));
  const apply = () =>
    withRules(async (given) => {
      if (!revision) return;
      onSaved(await configuration.change({ rules: given }, revision.tag));
      setEdited(null);
    });
  return (
    <Card title="Try and change">
      <label class="area">
        <span class="quiet">Rules as a list in JSON; empty for none</span>
        <textarea
          class="mono"
          rows={12}
          value={text}
          spellcheck={false}
          autocapitalize="none"
          autocomplete="off"
          placeholder={EXAMPLE}
          onInput={(e) => setEdited(e.currentTarget.value)}
        />
      </label>
      <div class="inputs tools">
        <button type="button" class="button" disabled={busy} onClick={() => void dryRun()}>
          Dry run
        </button>
        {admin && (
          <button
            type="button"
            class="button primary"
            disabled={busy || !revision || text === before}
            onClick={() => setAsking(true)}
          >
            Apply…
          </button>
        )}
        {text === '' && (
          <button type="button" class="button" onClick={() => setEdited(EXAMPLE)}>
            Begin with an example
          </button>
        )}
      </div>
      {error !== null && <Refusal error={error} />}
      <div role="status">{result && <Trial result={result} />}</div>
      {asking && (
        <Confirm
          title="Apply these rules?"
          confirm="Apply"
          onConfirm={() => void apply()}
          onClose={() => setAsking(false)}
        >
          <p>
            They hold for every message from now on, without a restart and without losing one. What
            they drop is not kept anywhere.
          </p>
        </Confirm>
      )}
    </Card>
  );
}

export function RulesPage({ session }: { session: Session }): JSX.Element {
  const admin = mayAdminister(session);
  const rules = useAsked(data.rules, EVERY_MS);
  const config = useAsked(async () => (admin ? configuration.read() : null), null);
  const [saved, setSaved] = useState<Revision | null>(null);
  const [text, setText] = useState('');
  const revision = saved ?? config.value;
  const n = rules.value?.rules.length;
  useEffect(() => setSaved(null), [config.value]);
  return (
    <>
      <Headline
        tone="off"
        eyebrow="Rules"
        title={
          n === undefined
            ? 'What becomes of a message.'
            : n === 0
              ? 'Every message becomes a record as it is.'
              : `${count(n)} ${n === 1 ? 'rule decides' : 'rules decide'} what becomes of a message.`
        }
        detail="Counted since the processor started."
      />
      <Trouble asked={rules} />
      <Trouble asked={config} />
      <Loading asked={rules} />
      <Outcome text={text} error={null} />
      <div class="stack">
        {rules.value && <InForce list={rules.value} />}
        {(revision || !admin) && (
          <Editor
            revision={revision}
            admin={admin}
            onSaved={(now) => {
              setSaved(now);
              setText('Applied. The processor takes them now.');
              void rules.again();
            }}
            onStale={() => {
              setText(
                'Somebody has changed the configuration meanwhile. Your text is still here, not applied; look at what is in force and apply it again.',
              );
              void config.again();
            }}
          />
        )}
      </div>
    </>
  );
}
