// SPDX-License-Identifier: Apache-2.0
// What claim and setup say.
import type { SinkTest } from '../../api/types';

export type StepName = SinkTest['steps'][number]['step'];

export const claimText = {
  title: 'Make this gateway yours',
  lead: 'The setup code proves that you have the box. It works once.',
  throttled: 'Too many wrong codes',
  again: (wait: string) => `You can try again in ${wait}.`,
  wrong: {
    noCode: 'Enter the setup code that the gateway printed when it started',
    codeLength: (wanted: number, typed: number) =>
      `The setup code has ${wanted} letters and digits; this one has ${typed}`,
    noName: 'Enter a name for this gateway',
    nameLength: (most: number) => `The name has at most ${most} characters`,
    nameLetters:
      'The name has only letters, digits and dashes, and begins and ends with a letter or digit',
    noPassword: 'Enter a password',
    passwordLength: (least: number) => `The password needs at least ${least} characters`,
  },
  wrongCode: 'This is not the setup code. It is printed anew at each start of the gateway',
  code: 'Setup code',
  codeHint: 'Printed where the gateway was started, or on the stick it was started from',
  name: 'Name of the gateway',
  nameHint: 'Letters, digits and dashes. It then also answers to this name with .local',
  password: 'Password for admin',
  claim: 'Claim this gateway',
  claiming: 'Claiming…',
  fingerprint: 'Fingerprint',
  really: 'Is this really your gateway?',
  compare:
    'Compare this with what the gateway printed beside the setup code, and with the certificate that the browser shows. If one differs, somebody is in between: do not type the code.',
};

export const trialText = {
  label: 'Steps of the test',
  steps: {
    resolve: 'Find its address',
    connect: 'Connect',
    tls: 'Check its certificate',
    auth: 'Be let in',
    send: 'Have one record taken',
  } satisfies Record<StepName, string>,
  done: 'done',
  failed: 'failed',
  trying: 'on its way',
  notReached: 'not reached',
  ms: (ms: number) => `${ms}\u00a0ms`,
  free: 'The way is free: one record for the test was taken.',
  stuck: 'It came no further.',
};

export const setupText = {
  page: 'Setup',
  eyebrow: 'Setup',
  title: (name: string) => `${name} is yours.`,
  lead: 'Two things are left: where its records go, and a first message.',
  titleDone: 'Data reaches the cloud.',
  leadDone: 'This gateway is set up.',
  onlyAdmin: 'Only an administrator sets a gateway up.',
  overview: 'Go to the overview',
  later: 'Later: go to the overview',

  clock: 'Clock',
  clockRight: (time: string, zone: string) => `It is ${time} (${zone}), there and here.`,
  clockSynced: 'synchronised',
  clockNotSynced: 'not synchronised',
  clockOff: (gap: string, behind: boolean) =>
    `The gateway’s clock is ${gap} ${behind ? 'behind' : 'ahead of'} this device’s. Records carry its time: give it a time server, or set its clock.`,
  zoneHint: 'Records carry UTC; pages show times in the zone of whoever looks.',
  ownZone: (zone: string) => `Windows for upgrades are meant in the gateway’s own zone: ${zone}.`,

  uplink: 'Where records go',
  uplinkLead:
    'The address of your ingestion: HTTPS, or an MQTT broker. Nothing is kept before you save.',
  uplinkSet: 'Set already.',
  change: 'Change it',
  url: 'Address',
  urlHint: 'https://host/path or mqtts://host:port',
  token: 'Token',
  tokenHint: 'Sent as a bearer token; leave it empty where none is asked for',
  user: 'User',
  password: 'Password',
  more: 'A certificate authority of your own',
  ca: 'Certificates (PEM) that vouch for the other side, in place of the well-known ones',
  urlMissing: 'Enter the address that records shall go to',
  urlWrong: 'An address begins with https://, http://, mqtts:// or mqtt://',
  test: 'Test',
  testing: 'Testing…',
  save: 'Save',
  saveUntested: 'Save without a test',
  saving: 'Saving…',
  saved: 'Saved. Records go there from now on.',
  changedMeanwhile:
    'Somebody else has changed the configuration meanwhile. Look at it once more, and save again.',

  first: 'A first message',
  firstLead:
    'Point a device at this gateway by MQTT, or send a message from any machine beside it:',
  command: 'command',
  accounts: 'Each device needs an account of its own: add -u NAME and -P PASSWORD.',
  devices: 'Add an account',
  waiting: 'Waiting for the first message…',
  taken: (n: string) => `${n} taken; on its way to the cloud…`,
  arrived: (n: string) => `${n} in the cloud.`,
  counted: (time: string) => `From power-on to data in the cloud: ${time}.`,
  records: (n: number, shown: string) => (n === 1 ? '1 record' : `${shown} records`),
};
