// SPDX-License-Identifier: Apache-2.0
import { bytes, count } from '../../format/format';

export const backup = {
  tab: 'Backup',
  eyebrow: 'Backup',
  title: 'The whole gateway in one file.',
  detail:
    'Settings with their secrets, accounts, certificates, the release; not API tokens, sessions and what is in quarantine.',
  passphrase: 'Passphrase',
  passphraseHint: 'Ten characters or more. Without it nobody can read the file, you included.',
  tooShort: 'A passphrase has at least 10 characters',
  repeat: 'The passphrase once more',
  differs: 'The two are not the same',

  make: {
    title: 'Make a backup',
    records: 'With the records that are held',
    recordsHint: (held: number) =>
      `${count(held)} now. A restore sends them to the cloud under new numbers.`,
    send: 'Make it',
    sending: 'Making it…',
    done: (size: number) => `The backup is in your downloads: ${bytes(size)}.`,
    soFar: (size: number) => `${bytes(size)} so far`,
  },

  restore: {
    title: 'Restore a backup',
    what: 'All that is set up here goes, and that of the backup comes: accounts, settings, certificates, the id. Everybody is logged out. Records that are held here stay. The gateway that the backup is of must not run any more.',
    file: 'Backup file',
    fileMissing: 'Choose a file',
    passphraseHint: 'That of the backup.',
    password: 'Your password',
    passwordMissing: 'Type your password once more',
    send: 'Restore…',
    sending: (size: number) => `Sending and checking ${bytes(size)}…`,
    sure: (name: string) => `Give up all that is set up on ${name}?`,
    sureText: 'There is no way back but a backup of this gateway as it is now.',
    type: (name: string) => `Type ${name}`,
    confirm: 'Restore it',
    done: (name: string, from: string) => `This is ${name} now, as it was ${from}.`,
    records: (n: number) => `${count(n)} records of the backup go to the buffer.`,
    noRelease: 'It had no release with images for this machine: what runs here goes on running.',
    release: (name: string) => `It ran ${name}, which does not run here: see Releases.`,
    close: 'Close',
  },
};
