// SPDX-License-Identifier: Apache-2.0
import type { JSX } from 'preact';
import { diagnosticsUrl } from '../../api/access';
import { timeNear } from '../../format/format';
import { Headline, mayAdminister } from '../../parts/asked';
import { Card, Copyable, Fact, Facts } from '../../parts/basics';
import type { PageProps } from '../props';

export function GatewayPage({ session, state }: PageProps): JSX.Element {
  const { gateway } = state;
  return (
    <>
      <Headline
        tone="off"
        eyebrow="Gateway"
        title={gateway.name}
        detail={`holdfast ${gateway.version}, running since ${timeNear(gateway.started, state.at)}.`}
      />
      <div class="halves">
        <Card title="How to reach it">
          <Facts>
            <Fact name="Id, part of every record">
              <Copyable value={gateway.id} label="gateway id" />
            </Fact>
            <Fact name="Devices publish to (MQTT)">
              <Copyable
                value={`${gateway.field.address}:${gateway.field.port}`}
                label="address for devices"
              />
            </Fact>
            <Fact name="Interface for programs">
              <a href="/api/docs" target="_blank" rel="noreferrer">
                Reference
              </a>
              {', '}
              <a href="/api/v1/openapi.yaml" target="_blank" rel="noreferrer">
                openapi.yaml
              </a>
            </Fact>
          </Facts>
        </Card>
        {mayAdminister(session) && (
          <Card title="Diagnostics">
            <p class="quiet above">
              All that is needed to help, in one file: states, versions, configuration without
              secrets, alarms, incidents, audit log, and the newest logs. That it was taken is in
              the audit log.
            </p>
            <a class="button" href={diagnosticsUrl} download="holdfast-diagnostics.tar.gz">
              Download diagnostics
            </a>
          </Card>
        )}
      </div>
    </>
  );
}
