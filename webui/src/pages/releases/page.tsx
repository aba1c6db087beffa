// SPDX-License-Identifier: Apache-2.0
// Releases: what runs, what is under way, what there is, and what became of it.
import type { JSX } from 'preact';
import type { Incident, KnownRelease, ReleaseList, Upgrade } from '../../api/types';
import { incidentPath } from '../../derive/address';
import {
  incidentOf,
  inOrder,
  knownMark,
  lastFailure,
  originText,
  releasesAnswer,
} from '../../derive/release';

import { isUnderWay, titlesOf } from '../../derive/upgrade';
import { date, secondsBetween } from '../../format/format';
import { Headline, Loading, mayAdminister, mayOperate, Trouble } from '../../parts/asked';
import { Card, Status } from '../../parts/basics';
import { StaleNotice } from '../../parts/stale';
import { upgradeSign, useFailures, useReleases } from '../../state/releases';
import { releases as releasesText } from '../../text';
import type { PageProps } from '../props';
import { AddCard } from './add';
import { RollBack } from './back';
import { BundleCard } from './bundle';
import { HistoryCard } from './history';
import { LiveCard } from './live';
import { PolicyCard } from './policy';
import { Registry } from './registry';

const text = releasesText.page;

/** So long its steps stay to be looked at after its end. */
const STAYS_S = 600;

function isShown(upgrade: Upgrade, at: string): boolean {
  const since = secondsBetween(upgrade.finished, at);
  return isUnderWay(upgrade) || (since !== null && since < STAYS_S);
}

function Item({ release, props }: { release: KnownRelease; props: PageProps }): JSX.Element {
  const { state, session } = props;
  const mark = knownMark(release, state.upgrade);
  const canBeApplied =
    mark.tone !== 'move' && (release.state === 'available' || release.state === 'failed');
  const goesBack =
    release.state === 'previous' && mayAdminister(session) && !isUnderWay(state.upgrade);
  return (
    <li data-testid="release" data-state={release.state}>
      <div class="release-what">
        <p class="release-head">
          <a class="breaks" href={`/releases/${release.id}`}>
            {release.name}
          </a>
          <Status tone={mark.tone}>{mark.word}</Status>
        </p>
        <p class="quiet breaks">
          {text.made(date(release.created), originText(release, state.at))}
        </p>
        {release.state === 'failed' && release.detail && (
          <p class="quiet breaks">{release.detail}</p>
        )}
      </div>
      {canBeApplied && mayOperate(session) && (
        <a class="button small" href={`/releases/${release.id}`}>
          {text.seePlan}
          <span class="unseen"> {text.of(release.name)}</span>
        </a>
      )}
      {goesBack && <RollBack to={release} titleOf={titlesOf(state)} small />}
    </li>
  );
}

function KnownCard({
  list,
  props,
  onChange,
}: {
  list: ReleaseList;
  props: PageProps;
  onChange: () => void;
}): JSX.Element {
  const admin = mayAdminister(props.session);
  return (
    <Card title={text.releasesHere}>
      {list.releases.length === 0 ? (
        <p class="quiet">{text.noneYet(admin ? text.addOneByItsFile : text.anAdminCanAddOneBy)}</p>
      ) : (
        <ul class="known">
          {inOrder(list.releases).map((release) => (
            <Item key={release.id} release={release} props={props} />
          ))}
        </ul>
      )}
      {list.releases.length === 1 && (
        <p class="quiet known-more">
          {admin ? text.toUpgradeAddTheFileOf : text.anAdminCanAddTheFile}
        </p>
      )}
      <Registry
        check={list.registry}
        at={props.state.at}
        mayAsk={mayOperate(props.session)}
        onChecked={onChange}
      />
    </Card>
  );
}

/** What there is to see of the last upgrade where it was not kept. */
function WhatWasSeen({ list, failures }: { list: ReleaseList; failures: Incident[] }): JSX.Element {
  const failed = lastFailure(list);
  const incident = failed && incidentOf(failed, failures);
  return (
    <>
      {incident && (
        <a class="in-text" href={incidentPath(incident.service, incident.id)} data-testid="seen">
          {text.whatWasSeen}
        </a>
      )}
    </>
  );
}

export function ReleasesPage(props: PageProps): JSX.Element {
  const { state, session } = props;
  const { upgrade, at } = state;
  const titleOf = titlesOf(state);
  const sign = upgradeSign(upgrade);
  const asked = useReleases(sign);
  const failures = useFailures(sign).value ?? [];
  const list = asked.value;
  const admin = mayAdminister(session);
  const { detail, ...answer } = releasesAnswer(
    upgrade,
    list,
    state.release ? `${state.release.name} ${state.release.version}` : null,
    titleOf,
    at,
  );
  return (
    <>
      <Headline
        {...answer}
        detail={
          <>
            {detail}{' '}
            {list && !isUnderWay(upgrade) && <WhatWasSeen list={list} failures={failures} />}
          </>
        }
      />
      {/* Nothing in it counts on: a screen reader is told of each new step, and of the end. */}
      <p class="unseen" role="status">
        {isShown(upgrade, at) && answer.title}
      </p>
      <StaleNotice since={state.gateway.engine.stale_since} at={at} />
      <Trouble asked={asked} />
      <div class={admin ? 'columns' : ''}>
        <div class="stack">
          {isShown(upgrade, at) && (
            <LiveCard upgrade={upgrade} session={session} titleOf={titleOf} at={at} />
          )}
          <Loading asked={asked} />
          {list && <KnownCard list={list} props={props} onChange={() => void asked.again()} />}
          {list && (
            <HistoryCard history={list.history} failures={failures} at={at} titleOf={titleOf} />
          )}
        </div>
        {admin && (
          <div class="stack">
            <AddCard />
            <BundleCard onTaken={() => void asked.again()} />
            <PolicyCard />
          </div>
        )}
      </div>
    </>
  );
}
