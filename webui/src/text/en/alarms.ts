// SPDX-License-Identifier: Apache-2.0
export const alarms = {
  page: {
    since: (raised: string) => `Since ${raised}`,
    last: (last: string) => `last ${last}`,
    overSince: (cleared: string) => `over since ${cleared}`,
    acknowledgedBy: (by: string, at: string) => `acknowledged by ${by}, ${at}`,
    acknowledge: 'Acknowledge',
    active: 'Active',
    all: 'All',
    serious: 'Serious',
    warning: 'Warning',
    severity: 'Severity',
    kind: 'Kind',
    subject: 'Subject',
    noAlarmIsLikeThat: 'No alarm is like that.',
    alarmsComeHereByThemselvesWith:
      'Alarms come here by themselves, with what was seen and what to do. Earlier ones are under “All”.',
    thereWasNeverAnAlarm: 'There was never an alarm.',
    acknowledged: 'Acknowledged',
    acknowledged2: (length: string) => `${length} acknowledged`,
    itStaysUntilItsCauseIs: (what: string) => `${what}. It stays until its cause is gone.`,
    toAcknowledgeOneTellsTheOthers:
      'To acknowledge one tells the others that somebody has seen it. It goes when its cause is gone.',
    whichAlarms: 'Which alarms',
    acknowledge2: (length: string) => `Acknowledge ${length}`,
    olderOnes: 'Older ones',
    export: 'Export',
    exportThese: 'Export these',
    inTheFile: (n: string) =>
      n === '1' ? '1 alarm is in the file.' : `${n} alarms are in the file.`,
  },
};
