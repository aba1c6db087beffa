// SPDX-License-Identifier: Apache-2.0
// English. One file for each group of pages, which comes with it.
export * from './alarms';
export * from './all-settings';
export * from './backup';
export * from './data';
export * from './devices';
export * from './network';
export * from './overview';
export * from './parts';
export * from './releases';
export * from './reset';
export * from './service';
export * from './settings';
export * from './setup';
export * from './shell';
