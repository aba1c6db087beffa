// SPDX-License-Identifier: Apache-2.0
// English. One file for each group of pages, which comes with it.
export * from './backup';
export * from './devices';
