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
import { data as dataText } from '../../text';

const words = dataText.rules;

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
    <Card
      title={words.inForce}
      aside={<span class="aside">{words.theFirstThatMatchesDecides}</span>}
    >
      {list.rules.length === 0 ? (
        <p class="quiet">{words.noRulesEveryMessageBecomesA}</p>
      ) : (
        <Table
          label={words.rulesInForceAsATable}
          head={
            <>
              <th scope="col">{words.filter}</th>
              <th scope="col">{words.whatItDoes}</th>
              {[words.matched, words.out, words.letGo, words.refused].map((name) => (
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
  if (results.length === 0) return <p class="quiet">{words.theRulesAreFineTheProcessor}</p>;
  return (
    <>
      <p class="quiet">
        {words.inOutTheNewestFirst(
          count(results.length),
          count(results.reduce((sum, r) => sum + r.out.length, 0)),
        )}
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
                <Status tone="warn">{words.quarantine(r.quarantined)}</Status>
              ) : r.out.length === 0 ? (
                <Status tone="off">{r.dropped ? words.letGo2 : words.nothingNow}</Status>
              ) : (
                r.out.map((out, n) => (
                  <p key={`${n}-${(out as Out).topic}`}>
                    <b class="mono breaks">{(out as Out).topic}</b>{' '}
                    <span class="quiet">{(out as Out).lane}</span>
                    <code class="breaks">{payloadOf(out).text}</code>
                  </p>
                ))
              )}
              <span class="quiet">{r.rule === null ? words.noRule : words.rule(r.rule + 1)}</span>
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
    <Card title={words.tryAndChange}>
      <label class="area">
        <span class="quiet">{words.rulesAsAListInJson}</span>
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
          {words.dryRun}
        </button>
        {admin && (
          <button
            type="button"
            class="button primary"
            disabled={busy || !revision || text === before}
            onClick={() => setAsking(true)}
          >
            {words.apply}
          </button>
        )}
        {text === '' && (
          <button type="button" class="button" onClick={() => setEdited(EXAMPLE)}>
            {words.beginWithAnExample}
          </button>
        )}
      </div>
      {error !== null && <Refusal error={error} />}
      <div role="status">{result && <Trial result={result} />}</div>
      {asking && (
        <Confirm
          title={words.applyTheseRules}
          confirm={words.apply2}
          onConfirm={() => void apply()}
          onClose={() => setAsking(false)}
        >
          <p>{words.theyHoldForEveryMessageFrom}</p>
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
        eyebrow={words.rules}
        title={
          n === undefined
            ? words.whatBecomesOfAMessage
            : n === 0
              ? words.everyMessageBecomesARecordAs
              : words.whatBecomesOfAMessage2(
                  count(n),
                  n === 1 ? words.ruleDecides : words.rulesDecide,
                )
        }
        detail={words.countedSinceTheProcessor}
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
              setText(words.appliedTheProcessorTakesThem);
              void rules.again();
            }}
            onStale={() => {
              setText(words.somebodyHasChangedThe);
              void config.again();
            }}
          />
        )}
      </div>
    </>
  );
}
