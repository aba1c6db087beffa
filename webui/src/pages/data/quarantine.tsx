// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { data } from '../../api/data';
import type { QuarantineChoice, QuarantineItem, Session, State } from '../../api/types';
import { payloadOf } from '../../derive/data';
import { bytes, count, countShort, timeNear } from '../../format/format';
import { Headline, Loading, mayAdminister, mayOperate, Outcome, Trouble } from '../../parts/asked';
import { Card } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { useAsked } from '../../state/asked';
import { data as dataText } from '../../text';

const words = dataText.quarantine;

function recordText(item: QuarantineItem): string {
  return item.record ? payloadOf(item.record, true).text : '';
}

function Item({
  item,
  at,
  chosen,
  onChoose,
}: {
  item: QuarantineItem;
  at: string;
  chosen: boolean;
  onChoose: (on: boolean) => void;
}): JSX.Element {
  const by =
    item.sink === 'processor' ? words.theProcessorCouldNotReadIt : words.refusedIt(item.sink);
  return (
    <li data-testid="quarantined">
      <label class="pick">
        <input
          type="checkbox"
          checked={chosen}
          onChange={(e) => onChoose(e.currentTarget.checked)}
        />
        <span class="unseen">{words.choose(item.topic, item.id)}</span>
      </label>
      <details>
        <summary>
          <span class="record-topic mono long" title={item.topic}>
            {item.topic}
          </span>
          <time dateTime={item.at ?? undefined}>{item.at ? timeNear(item.at, at) : '–'}</time>
          <span class="refusal breaks">
            {by}
            {item.status ? words.with(item.status) : ''}: {item.reason || words.itDidNotSayWhy}
          </span>
        </summary>
        {item.record ? (
          <pre class="payload">{recordText(item)}</pre>
        ) : (
          <p class="quiet">{words.theRecordCannotBeShown}</p>
        )}
        <p class="quiet record-foot">
          {item.seq === null ? words.itNeverGotANumber : `${item.epoch}/${item.seq}`}
          {item.time && words.taken(timeNear(item.time, at))}
        </p>
      </details>
    </li>
  );
}

/** How often a list that differs from the books is asked for again. */
const DIFFERENCE_MS = 5000;

interface More {
  items: QuarantineItem[];
  next: string | null;
}

export function Quarantine({ state, session }: { state: State; session: Session }): JSX.Element {
  const asked = useAsked(() => data.quarantine(null), null);
  const [more, setMore] = useState<More | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [dropping, setDropping] = useState(false);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<{ text: string; error: unknown }>({ text: '', error: null });
  const page = asked.value;
  const items = [...(page?.items ?? []), ...(more?.items ?? [])];
  const next = more ? more.next : (page?.next ?? null);
  const total = page?.total ?? state.buffer.quarantined;
  const all = chosen.size === 0;
  const choice: QuarantineChoice = all ? { all: true } : { ids: [...chosen] };
  const many = all ? total : chosen.size;
  const name = !all
    ? countShort(chosen.size)
    : total === 1
      ? words.thisRecord
      : words.all(countShort(total));

  // A sink, the processor or somebody else has changed what is there. The books count a record once and the list has
  // an item for each sink that refused it, so a difference alone is looked into only now and then.
  const looked = useRef({ count: state.buffer.quarantined, ms: 0 });
  useEffect(() => {
    const { quarantined } = state.buffer;
    const touched = chosen.size > 0 || more !== null || busy;
    const { count: before, ms } = looked.current;
    const due = page !== null && page.total !== quarantined && Date.now() - ms >= DIFFERENCE_MS;
    if (!page || touched || (before === quarantined && !due)) return;
    looked.current = { count: quarantined, ms: Date.now() };
    void asked.again();
  }, [state.at]);

  const again = async () => {
    setMore(null);
    setChosen(new Set());
    await asked.again();
  };
  const act = async (what: 'replay' | 'drop') => {
    setBusy(true);
    try {
      const { count: n } = await data.quarantineDo(what, choice);
      const text = what === 'replay' ? words.onTheirWayAgain : words.givenUp;
      setDone({ text: `${count(n)} ${text}.`, error: null });
      await again();
    } catch (error) {
      setDone({ text: '', error });
    }
    setBusy(false);
  };
  const loadMore = async () => {
    setBusy(true);
    try {
      const answer = await data.quarantine(next);
      setMore({ items: [...(more?.items ?? []), ...answer.items], next: answer.next });
    } catch (error) {
      setDone({ text: '', error });
    }
    setBusy(false);
  };
  const choose = (id: string, on: boolean) => {
    const ids = new Set(chosen);
    if (on) ids.add(id);
    else ids.delete(id);
    setChosen(ids);
  };

  return (
    <>
      <Headline
        tone={total ? 'warn' : 'ok'}
        eyebrow={words.quarantine}
        title={
          total
            ? words.forYou(countShort(total), total === 1 ? words.recordWaits : words.recordsWait)
            : words.nothingWasRefused
        }
        detail={total ? words.refusedForGoodOrNotTo : words.whatASinkRefusesForGood}
      />
      <Trouble asked={asked} />
      <Loading asked={asked} />
      <Outcome {...done} />
      {page && total > 0 && (
        <Card
          title={words.refused}
          aside={<span class="aside">{words.newestFirst(bytes(page.bytes))}</span>}
        >
          <div class="inputs tools">
            {mayOperate(session) && (
              <button
                type="button"
                class="button primary"
                disabled={busy}
                onClick={() => void act('replay')}
              >
                {words.replay(name)}
              </button>
            )}
            {mayAdminister(session) && (
              <button
                type="button"
                class="button bad"
                disabled={busy}
                onClick={() => setDropping(true)}
              >
                {words.giveUp(name)}
              </button>
            )}
            {chosen.size > 0 && (
              <button type="button" class="button" onClick={() => setChosen(new Set())}>
                {words.chooseNone}
              </button>
            )}
          </div>
          <ul class="records quarantine">
            {items.map((item) => (
              <Item
                key={item.id}
                item={item}
                at={state.at}
                chosen={chosen.has(item.id)}
                onChoose={(on) => choose(item.id, on)}
              />
            ))}
          </ul>
          {next !== null && (
            <button
              type="button"
              class="button more"
              disabled={busy}
              onClick={() => void loadMore()}
            >
              {words.loadMore}
            </button>
          )}
        </Card>
      )}
      {dropping && (
        <Confirm
          title={words.giveUp2(many === 1 ? words.thisRecord : words.records(count(many)))}
          confirm={words.giveUpForGood}
          danger
          onConfirm={() => void act('drop')}
          onClose={() => setDropping(false)}
        >
          <p>{words.theyCountAsDroppedAndThe}</p>
        </Confirm>
      )}
    </>
  );
}
