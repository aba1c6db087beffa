// SPDX-License-Identifier: Apache-2.0
// Short names for what api/openapi.yaml describes; schema.ts is generated from it (npm run types).
import type { components } from './schema';

type Schemas = components['schemas'];

export type Alarm = Schemas['Alarm'];
export type AlarmCounts = State['alarms'];
export type AlarmPage = Schemas['AlarmPage'];
export type AuditEntry = AuditPage['entries'][number];
export type AuditPage = Schemas['AuditPage'];
export type BrokerPatch = Schemas['BrokerPatch'];
export type Buffer = Schemas['Buffer'];
export type Books = Schemas['Books'];
export type BufferDetail = Schemas['BufferDetail'];
export type BufferPatch = Schemas['BufferPatch'];
export type Certificate = Schemas['Certificate'];
export type CertificateRequest = Schemas['CertificateRequest'];
export type ClaimRequest = Schemas['ClaimRequest'];
export type ClaimState = Schemas['ClaimState'];
export type Config = Schemas['Config'];
export type ConfigPatch = Schemas['ConfigPatch'];
export type ConfigDocument = Schemas['ConfigDocument'];
export type Device = Schemas['Device'];
export type DeviceAccount = Schemas['DeviceAccount'];
export type DeviceAccountPage = Schemas['DeviceAccountPage'];
export type DeviceAccountPatch = Schemas['DeviceAccountPatch'];
export type DeviceAccountRequest = Schemas['DeviceAccountRequest'];
export type DeviceAccountSecret = Schemas['DeviceAccountSecret'];
export type DeviceCertificate = Schemas['DeviceCertificate'];
export type DeviceCertificateRequest = Schemas['DeviceCertificateRequest'];
export type DeviceImport = Schemas['DeviceImport'];
export type DevicePage = Schemas['DevicePage'];
export type DropRequest = Schemas['DropRequest'];
export type DryRunResult = Schemas['DryRunResult'];
/** What a change of limits does to one service. */
export type Effect = NonNullable<Config['effects']>[number];
export type Flash = Schemas['Flash'];
export type Gateway = Schemas['Gateway'];
export type History = Schemas['History'];
export type HistoryRange = History['range'];
export type Finding = Schemas['Finding'];
export type Incident = Schemas['Incident'];
export type IncidentDetail = Schemas['IncidentDetail'];
export type IncidentPage = Schemas['IncidentPage'];
export type KnownRelease = Schemas['KnownRelease'];
export type KnownReleaseDetail = Schemas['KnownReleaseDetail'];
export type Lane = Schemas['Lane'];
export type Limits = Schemas['Limits'];
export type LogLine = Schemas['LogLine'];
export type LogLines = Schemas['LogLines'];
export type Mount = Schemas['Mount'];
export type NewToken = Schemas['NewToken'];
export type Operation = Schemas['Operation'];
export type OperationList = Schemas['OperationList'];
/** An upgrade that ended. */
export type PastUpgrade = ReleaseList['history'][number];
export type Plan = Schemas['Plan'];
export type Problem = Schemas['Problem'];
export type QuarantineChoice = Schemas['QuarantineChoice'];
export type QuarantineItem = Schemas['QuarantineItem'];
export type QuarantinePage = Schemas['QuarantinePage'];
export type RecordPage = Schemas['RecordPage'];
export type Release = Schemas['Release'];
export type Bundle = Schemas['Bundle'];
export type RegistryCheck = Schemas['RegistryCheck'];
export type ReleaseList = Schemas['ReleaseList'];
export type ReleaseShort = Schemas['ReleaseShort'];
export type RuleList = Schemas['RuleList'];
export type Reset = Schemas['Reset'];
export type Restored = Schemas['Restored'];
export type RevisionDiff = Schemas['RevisionDiff'];
export type RevisionList = Schemas['RevisionList'];
export type Role = Schemas['Role'];
export type Rules = Schemas['Rules'];
export type Sentence = Schemas['Sentence'];
export type Scan = Schemas['Scan'];
export type Service = Schemas['Service'];
export type ServiceName = Schemas['ServiceName'];
/** The built-in services, in the order in which a record meets them. */
export type PathName = 'broker' | 'processor' | 'buffer' | 'forwarder';
export type Network = Schemas['Network'];
export type NetworkChange = Schemas['NetworkChange'];
export type Session = Schemas['Session'];
export type SessionInfo = Schemas['SessionInfo'];
export type SessionList = Schemas['SessionList'];
export type Sink = Schemas['Sink'];
export type SinkList = Schemas['SinkList'];
export type SinkTest = Schemas['SinkTest'];
export type State = Schemas['State'];
export type StoredRecord = Schemas['Record'];
export type Token = Schemas['Token'];
export type TokenList = Schemas['TokenList'];
export type TokenRequest = Schemas['TokenRequest'];
export type Upgrade = Schemas['Upgrade'];
export type UpgradePatch = Schemas['UpgradePatch'];
export type Uplink = Schemas['Uplink'];
export type User = Schemas['User'];
export type UserList = Schemas['UserList'];
export type UserPatch = Schemas['UserPatch'];
export type UserRequest = Schemas['UserRequest'];
export type WhenFull = Schemas['WhenFull'];
/** What can be asked of one service. */
export type Action = Exclude<Operation['kind'], 'upgrade' | 'rollback' | 'check'>;

/** Of what can be set by hand of a service's limits. */
export type LimitsPatch = Partial<
  Record<Exclude<keyof Limits, 'oom_score_adj' | 'relaxations'>, number>
>;
