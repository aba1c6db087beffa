// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { diagnosticsUrl } from '../../api/access';
import { timeNear } from '../../format/format';
import { Headline, mayAdminister } from '../../parts/asked';
import { Card, Copyable, Fact, Facts } from '../../parts/basics';
import { settings } from '../../text';
import type { PageProps } from '../props';
import { ResetBegun, ResetCard } from './reset';

const text = settings.gateway;

export function GatewayPage({ session, state }: PageProps): JSX.Element {
  const { gateway } = state;
  const [begun, setBegun] = useState(false);
  if (begun) return <ResetBegun />;
  return (
    <>
      <Headline
        tone="off"
        eyebrow={text.gateway}
        title={gateway.name}
        detail={text.holdfastRunningSince(gateway.version, timeNear(gateway.started, state.at))}
      />
      <div class="halves">
        <Card title={text.howToReachIt}>
          <Facts>
            <Fact name={text.idPartOfEveryRecord}>
              <Copyable value={gateway.id} label={text.gatewayId} />
            </Fact>
            <Fact name={text.devicesPublishToMqtt}>
              <Copyable
                value={`${gateway.field.address}:${gateway.field.port}`}
                label={text.addressForDevices}
              />
            </Fact>
            <Fact name={text.interfaceForPrograms}>
              <a href="/api/docs" target="_blank" rel="noreferrer">
                {text.reference}
              </a>
              {', '}
              <a href="/api/v1/openapi.yaml" target="_blank" rel="noreferrer">
                {text.openapiYaml}
              </a>
            </Fact>
          </Facts>
        </Card>
        {mayAdminister(session) && (
          <Card title={text.diagnostics}>
            <p class="quiet above">{text.allThatIsNeededToHelp}</p>
            <a class="button" href={diagnosticsUrl} download="holdfast-diagnostics.tar.gz">
              {text.downloadDiagnostics}
            </a>
          </Card>
        )}
        {mayAdminister(session) && <ResetCard gateway={gateway} onBegun={() => setBegun(true)} />}
      </div>
    </>
  );
}
