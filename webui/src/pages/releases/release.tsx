// SPDX-License-Identifier: Apache-2.0
// One release: what it is made of, what applying it would do, and the way back where it is the one before.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { errorText, isApiError } from '../../api/client';
import { releases } from '../../api/releases';
import type { KnownReleaseDetail } from '../../api/types';
import { sentence } from '../../derive/incident';
import { knownMark, originText } from '../../derive/release';
import { isUnderWay, stageText, type TitleOf, titlesOf } from '../../derive/upgrade';
import { date, shortDigest } from '../../format/format';
import { Loading, mayAdminister, mayOperate, Trouble } from '../../parts/asked';
import { Card, Copyable, Notice, Status, Title } from '../../parts/basics';
import { Confirm } from '../../parts/confirm';
import { StaleNotice } from '../../parts/stale';
import { useAsked } from '../../state/asked';
import { upgradeSign, usePlan } from '../../state/releases';
import { releases as releasesText } from '../../text';
import type { PageProps } from '../props';
import { RollBack } from './back';
import { PlanView } from './plan';

const text = releasesText.release;

const EVERY_MS = 30_000;

function Crumbs(): JSX.Element {
  return (
    <p class="crumbs">
      <a href="/releases">{text.releases}</a>
    </p>
  );
}

function Forget({ release }: { release: KnownReleaseDetail }): JSX.Element {
  const { route } = useLocation();
  const [asks, setAsks] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <button type="button" class="button small" onClick={() => setAsks(true)}>
        {text.forgetIt}
      </button>
      {error !== null && (
        <p class="error-text" role="alert">
          {errorText(error)}
        </p>
      )}
      {asks && (
        <Confirm
          title={text.forget(release.name)}
          confirm={text.forgetIt}
          onClose={() => setAsks(false)}
          onConfirm={() => releases.forget(release.id).then(() => route('/releases'), setError)}
        >
          <p>{text.itGoesFromTheListWith}</p>
        </Confirm>
      )}
    </>
  );
}

function Images({
  release,
  titleOf,
}: {
  release: KnownReleaseDetail;
  titleOf: TitleOf;
}): JSX.Element {
  return (
    <Card
      title={text.itsImages}
      class="images-card"
      aside={<span class="aside">{text.pinnedByDigest}</span>}
    >
      <ul class="images">
        {Object.entries(release.release.services).map(([name, { image, tag }]) => {
          const [repository = image, digest = ''] = image.split('@');
          return (
            <li key={name}>
              <strong>{titleOf(name)}</strong>
              <span class="image-tag breaks" title={repository}>
                {tag}
              </span>
              <Copyable
                value={image}
                shown={shortDigest(digest)}
                label={text.imageOf(titleOf(name))}
              />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

function Plan({ release, props }: { release: KnownReleaseDetail; props: PageProps }): JSX.Element {
  const { state, session } = props;
  const asked = usePlan(release.id, upgradeSign(state.upgrade));
  return (
    <>
      <Trouble asked={asked} />
      <Loading asked={asked} />
      {asked.value && (
        <PlanView
          asked={asked.value}
          session={session}
          titleOf={titlesOf(state)}
          onStale={() => void asked.again()}
        />
      )}
    </>
  );
}

function Applying({ props, titleOf }: { props: PageProps; titleOf: TitleOf }): JSX.Element {
  return (
    <Notice tone="move" title={`${stageText(props.state.upgrade, titleOf)}.`}>
      <a href="/releases">{text.watchItsSteps}</a>
    </Notice>
  );
}

/** What can be done with it: the plan for what could be applied, the way back for the one before. */
function Next({
  release,
  props,
}: {
  release: KnownReleaseDetail;
  props: PageProps;
}): JSX.Element | null {
  const { state, session } = props;
  const titleOf = titlesOf(state);
  if (isUnderWay(state.upgrade) && state.upgrade.release?.id === release.id)
    return <Applying props={props} titleOf={titleOf} />;
  if (release.state === 'running') return null;
  if (release.state === 'previous')
    return (
      <Card title={text.theWayBack} class="way-back">
        <p class="quiet">
          {text.ranBeforeThePresentOneIts}
          {!mayAdminister(session) && text.anAdminCanRollBackTo}
        </p>
        {mayAdminister(session) && !isUnderWay(state.upgrade) && (
          <RollBack to={release} titleOf={titleOf} />
        )}
      </Card>
    );
  if (!mayOperate(session)) return <p class="quiet plan-for">{text.whatApplyingItWouldDoIs}</p>;
  return <Plan release={release} props={props} />;
}

export function ReleasePage(props: PageProps & { id: string }): JSX.Element {
  const { state, session, id } = props;
  const sign = upgradeSign(state.upgrade);
  const asked = useAsked(() => releases.one(id), EVERY_MS, `${id} ${sign}`);
  const release = asked.value;
  const gone = isApiError(asked.error, 404) || isApiError(asked.error, 400);
  if (!release)
    return (
      <>
        <header class="headline">
          <Crumbs />
          <Title>{gone ? text.thisReleaseIsNotKnownHere : text.aRelease}</Title>
          {gone && <p class="sub">{text.itMayHaveBeenForgottenThe}</p>}
        </header>
        {!gone && <Trouble asked={asked} />}
        <Loading asked={asked} />
      </>
    );
  const mark = knownMark(release, state.upgrade);
  const mayForget =
    mayAdminister(session) &&
    mark.tone !== 'move' &&
    (release.state === 'available' || release.state === 'failed');
  return (
    <>
      <header class="headline" data-testid="release-head">
        <Crumbs />
        <p class="eyebrow">
          <Status tone={mark.tone}>{mark.word}</Status>
        </p>
        <Title>{release.name}</Title>
        <p class="sub">
          {text.made(date(release.created), originText(release, state.at))}
          {release.state === 'failed' && release.detail && ` ${sentence(release.detail)}`}
        </p>
      </header>
      <StaleNotice since={state.gateway.engine.stale_since} at={state.at} />
      <Trouble asked={asked} />
      <Next release={release} props={props} />
      <Images release={release} titleOf={titlesOf(state)} />
      {mayForget && (
        <p class="forget">
          <Forget release={release} />
        </p>
      )}
    </>
  );
}
