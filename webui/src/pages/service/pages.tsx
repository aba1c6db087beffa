// SPDX-License-Identifier: Apache-2.0
import '../../style/forms.css';
import '../../style/service.css';
import type { JSX } from 'preact';
import { incidentAddress, serviceAddress } from '../../derive/address';
import type { PageProps } from '../props';
import { AllIncidents } from './all-incidents';
import { IncidentPage } from './incident';
import { ServicePage } from './page';

export function ServicePages({ state, session, path }: PageProps): JSX.Element | null {
  const of = incidentAddress(path);
  if (of)
    return of.incident === null ? (
      <AllIncidents state={state} />
    ) : (
      <IncidentPage state={state} name="" id={of.incident} key={of.incident} />
    );
  const address = serviceAddress(path);
  if (!address) return null;
  const { service, incident } = address;
  return incident === null ? (
    <ServicePage state={state} session={session} name={service} key={service} />
  ) : (
    <IncidentPage state={state} name={service} id={incident} key={incident} />
  );
}
