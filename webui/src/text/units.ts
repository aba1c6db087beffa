// SPDX-License-Identifier: Apache-2.0
// Apart from the other texts: these use what is made of it.
export * from './en/units';
