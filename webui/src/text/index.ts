// SPDX-License-Identifier: Apache-2.0
// What the dashboard says. A translation is a folder beside en/ of the same type, named here.
export * from './en';
