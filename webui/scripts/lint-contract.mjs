// SPDX-License-Identifier: Apache-2.0
// Redocly's recommended rules over api/openapi.yaml, warnings as errors.
import { fileURLToPath } from 'node:url';
import { createConfig, formatProblems, getTotals, lint } from '@redocly/openapi-core';

const ref = fileURLToPath(new URL('../../api/openapi.yaml', import.meta.url));
const problems = await lint({ ref, config: await createConfig({ extends: ['recommended'] }) });
const { errors, warnings } = getTotals(problems);
if (problems.length)
  formatProblems(problems, { format: 'codeframe', totals: { errors, warnings } });
process.exit(errors + warnings ? 1 : 0);
