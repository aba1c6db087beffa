// SPDX-License-Identifier: Apache-2.0
// What applying a release would do, before the button that does it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { errorText, isApiError } from '../../api/client';
import { releases, type TaggedPlan } from '../../api/releases';
import type { Plan, Session } from '../../api/types';
import {
  changeText,
  checkTitle,
  howText,
  meanwhileText,
  namesText,
  planFigures,
} from '../../derive/release';
import type { TitleOf } from '../../derive/upgrade';
import { bytes, count, duration, rate } from '../../format/format';
import { mayAdminister } from '../../parts/asked';
import { Card, Fact, Facts, Notice } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { releases as releasesText } from '../../text';
import { ScanCard } from './scan';

const words = releasesText.plan;

function Texts({ texts }: { texts: readonly string[] }): JSX.Element {
  return (
    <ul class="texts">
      {texts.map((text) => (
        <li key={text} class="breaks">
          {text.charAt(0).toUpperCase() + text.slice(1)}
        </li>
      ))}
    </ul>
  );
}

function Notices({ plan }: { plan: Plan }): JSX.Element {
  return (
    <>
      {!plan.possible && (
        <div data-testid="obstacles">
          <Notice
            tone="bad"
            title={plan.needs_allow_older ? words.itIsAnOlderOne : words.itCannotBeAppliedNow}
          >
            <Texts texts={plan.obstacles} />
          </Notice>
        </div>
      )}
      {plan.warnings.length > 0 && (
        <div data-testid="warnings">
          <Notice tone="warn" title={words.toThinkAboutFirst}>
            <Texts texts={plan.warnings.map((w) => w.text)} />
          </Notice>
        </div>
      )}
    </>
  );
}

function Services({ plan, titleOf }: { plan: Plan; titleOf: TitleOf }): JSX.Element {
  return (
    <Card
      title={words.whatChanges}
      aside={plan.services.length > 1 && <span class="aside">{words.inThisOrder}</span>}
    >
      <div class="kpis">
        {planFigures(plan).map(({ value, text }) => (
          <div key={text}>
            <b>{value}</b>
            <span>{text}</span>
          </div>
        ))}
      </div>
      {plan.daemon && (
        <div class="plan-daemon" data-testid="daemon">
          <p>
            <strong>
              {words.daemon(
                plan.daemon.from_version,
                plan.daemon.to_version,
                bytes(plan.daemon.bytes),
              )}
            </strong>
          </p>
          <p class="quiet">{plan.daemon.installs ? words.daemonFirst : words.daemonStays}</p>
        </div>
      )}
      {plan.services.length === 0 ? (
        <p class="quiet">{words.nothingWhatRunsHasTheSame}</p>
      ) : (
        <ol class="plan-services">
          {plan.services.map((service) => (
            <li key={service.service} data-testid="change" data-service={service.service}>
              <p>
                <strong>{titleOf(service.service)}</strong>{' '}
                <span class="breaks">{changeText(service)}</span>
              </p>
              <p class="quiet">{howText(service)}</p>
            </li>
          ))}
        </ol>
      )}
      {plan.unchanged.length > 0 && (
        <p class="quiet plan-unchanged">{words.notTouched(namesText(plan.unchanged, titleOf))}</p>
      )}
    </Card>
  );
}

function Needs({ plan }: { plan: Plan }): JSX.Element {
  const { fetch, disk, backlog } = plan;
  const size = (value: number | null) => (value === null ? words.notKnown : bytes(value));
  const lasts = (s: number | null) => (s === null ? words.notKnown : duration(s));
  return (
    <Card title={words.whatItNeeds}>
      <Facts>
        <Fact name={words.toFetch}>{fetch.images === 0 ? words.nothing : size(fetch.bytes)}</Fact>
        <Fact name={words.diskFreeNow}>{size(disk.free_bytes)}</Fact>
        <Fact name={words.diskMeanwhile}>
          {disk.peak_bytes === 0 ? words.noMore : size(disk.peak_bytes)}
        </Fact>
        <Fact name={words.diskInTheEnd}>
          {disk.needed_bytes === 0 ? words.noMore : size(disk.needed_bytes)}
        </Fact>
        <Fact name={words.recordsHeldNow}>{count(backlog.held)}</Fact>
        <Fact name={words.recordsThatCome}>{rate(backlog.in_per_s)}</Fact>
        <Fact name={words.roomWhereNoUplinkTakesAny}>{lasts(backlog.room_s)}</Fact>
        <Fact name={words.roomWhileTheProcessorIsAway}>{lasts(backlog.queue_s)}</Fact>
        {backlog.max_backlog !== null && (
          <Fact name={words.waitsUntilFewerAreHeldThan}>{count(backlog.max_backlog)}</Fact>
        )}
        <Fact name={words.changesOfWhatIsStored}>
          {plan.schema_changes.length === 0 ? words.none : plan.schema_changes.join('; ')}
        </Fact>
      </Facts>
    </Card>
  );
}

function Safety({ plan }: { plan: Plan }): JSX.Element {
  const { gate, rollback } = plan;
  return (
    <Card title={words.whenItIsKept}>
      <p class="quiet">
        {words.eachServiceMustBeBackAt(duration(gate.switch_s), duration(gate.seconds))}
      </p>
      <ul class="texts plan-checks">
        {gate.checks.map((name) => (
          <li key={name}>{checkTitle(name)}</li>
        ))}
      </ul>
      <h3>
        {words.otherwise(
          rollback.release ? words.runsAgain(rollback.release.name) : words.itGoesBack,
        )}
      </h3>
      <p class="quiet breaks">{rollback.detail}</p>
    </Card>
  );
}

function Apply({
  asked,
  titleOf,
  onStale,
}: {
  asked: TaggedPlan;
  titleOf: TitleOf;
  onStale: () => void;
}): JSX.Element {
  const { route } = useLocation();
  /** As it was read before the button was pressed. */
  const [read, setRead] = useState<TaggedPlan | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const { release, services, possible, needs_allow_older: older } = asked.plan;
  const restarts = services.filter((s) => s.restarts).map((s) => s.service);

  const apply = async ({ plan, tag }: TaggedPlan) => {
    setBusy(true);
    setError(null);
    try {
      await releases.apply(plan.release.id, tag, plan.needs_allow_older);
      route('/releases');
    } catch (why) {
      setError(why);
      if (isApiError(why, 412) || isApiError(why, 409)) onStale();
    }
    setBusy(false);
  };
  return (
    <div class="apply">
      <button
        type="button"
        class={older ? 'button bad' : 'button primary'}
        disabled={busy || !(possible || older)}
        onClick={() => setRead(asked)}
      >
        {busy
          ? words.asking
          : older
            ? words.applyTheOlder(release.name)
            : words.apply(release.name)}
      </button>
      <div role="alert">{error !== null && <p class="error-text">{errorText(error)}</p>}</div>
      {read && (
        <Confirm
          title={words.apply2(release.name)}
          confirm={read.plan.needs_allow_older ? words.applyTheOlderOne : words.applyIt}
          danger={read.plan.needs_allow_older}
          onClose={() => setRead(null)}
          onConfirm={() => void apply(read)}
        >
          {read.plan.needs_allow_older && <p>{words.itIsOlderThanWhatHas}</p>}
          <p>
            {restarts.length === 0
              ? words.noServiceRestarts
              : `${namesText(restarts, titleOf)} ${restarts.length === 1 ? words.restarts : words.restartOneAfterTheOther}. ${meanwhileText(restarts)}`}
          </p>
          <p>
            {words.itEndsWithDoingWell(release.name)}
            {read.plan.from && words.orRunningAgain(read.plan.from.name)}
            {words.youCanGiveItUpOn}
          </p>
        </Confirm>
      )}
    </div>
  );
}

export function PlanView({
  asked,
  session,
  titleOf,
  onStale,
}: {
  asked: TaggedPlan;
  session: Session;
  titleOf: TitleOf;
  onStale: () => void;
}): JSX.Element {
  const { plan } = asked;
  return (
    <section aria-label={words.plan} data-testid="plan" data-possible={plan.possible}>
      <Notices plan={plan} />
      <div class="columns">
        <div class="stack">
          <Services plan={plan} titleOf={titleOf} />
          <Needs plan={plan} />
          {plan.scan && <ScanCard scan={plan.scan} titleOf={titleOf} />}
        </div>
        <div class="stack">
          <Safety plan={plan} />
          {mayAdminister(session) ? (
            <Apply asked={asked} titleOf={titleOf} onStale={onStale} />
          ) : (
            <p class="quiet">{words.anAdminCanApplyIt}</p>
          )}
        </div>
      </div>
    </section>
  );
}
