// SPDX-License-Identifier: Apache-2.0
// Short names for what api/openapi.yaml describes; schema.ts is generated from it (npm run types).
import type { components } from './schema';

type Schemas = components['schemas'];

export type Buffer = Schemas['Buffer'];
export type ClaimRequest = Schemas['ClaimRequest'];
export type ClaimState = Schemas['ClaimState'];
export type Gateway = Schemas['Gateway'];
export type History = Schemas['History'];
export type LogLine = Schemas['LogLine'];
export type LogLines = Schemas['LogLines'];
export type Operation = Schemas['Operation'];
export type OperationList = Schemas['OperationList'];
export type Problem = Schemas['Problem'];
export type Release = Schemas['Release'];
export type Sentence = Schemas['Sentence'];
export type Service = Schemas['Service'];
export type ServiceName = Schemas['ServiceName'];
export type Session = Schemas['Session'];
export type State = Schemas['State'];
export type Uplink = Schemas['Uplink'];
export type Action = Operation['kind'];
