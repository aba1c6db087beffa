// SPDX-License-Identifier: Apache-2.0
import { count } from '../../format/format';

const some = (n: number, one: string, more: string) => (n === 1 ? one : `${count(n)} ${more}`);

export const reset = {
  title: 'Factory reset',
  what: 'Makes it a new gateway that nobody has claimed: for another site, or before it leaves the house. What would go is shown first.',
  send: 'Reset…',
  looking: 'Looking…',
  sure: (name: string) => `Make ${name} a new gateway?`,
  sureText: 'There is no way back but a backup that you have made.',
  goes: 'This goes:',
  accounts: (n: number) =>
    some(n, 'the one account, yours', 'accounts of people, yours among them'),
  tokens: (n: number) => some(n, 'one API token', 'API tokens'),
  deviceAccounts: (n: number) => some(n, 'one account of a device', 'accounts of devices'),
  revisions: (n: number) =>
    n > 1 ? `${count(n)} revisions of the configuration, all there are` : 'the configuration',
  rest: 'certificates, secrets, history, alarms, logs, the audit log',
  stays: (gateway: string, release: string | null) =>
    release === null
      ? `Its id ${gateway} stays.`
      : `Its id ${gateway} and release ${release} stay.`,
  data: 'What the services have stored',
  keep: 'Keep it',
  keepRecords: (n: number) =>
    n === 0
      ? 'No record is held now. What is on its way meanwhile stays.'
      : `${some(n, 'One record that is held stays, and goes', 'records that are held stay, and go')} to the cloud that is set up next.`,
  keepUnknown: 'Records that are held stay, and go to the cloud that is set up next.',
  wipe: 'Wipe it',
  wipeRecords: (n: number) =>
    n === 0
      ? 'No record is held now. All that was stored is gone.'
      : `${some(n, 'One record that is held was not delivered and is', 'records that are held were not delivered and are')} lost.`,
  wipeUnknown:
    'Records that are held and were not delivered are lost. How many there are is not known now.',
  type: (gateway: string) => `Type ${gateway}`,
  confirm: { keep: 'Reset, keep the data', wipe: 'Reset and wipe', none: 'Reset' },

  begun: 'The gateway is being reset.',
  begunText: 'This page goes on as soon as it is there as a new one, within a minute or so.',
  certificate: 'It has another certificate then',
  certificateText:
    'The browser does not know it, so this page may not see that the gateway is back. Load it anew after a minute, and compare the fingerprint that the gateway shows with its setup code.',
  again: 'Load it anew',
};
