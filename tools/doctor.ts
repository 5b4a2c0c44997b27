/** `npm run doctor`: checks everything, and gives the fix for each line that is not green. */

import { styleText } from 'node:util';
import { databaseChecks, type Finding, runChecks } from '../cluster/checks.ts';
import { progressLines } from '../lib/bar.ts';
import { machineChecks } from './checks.ts';
import { isMain, readOptions, runTool } from './cli.ts';

/** A line for a finding, and one for its fix. */
export function findingLines({ title, state, text, fix }: Finding & { title: string }): string[] {
  const [mark, colour] = marks[state];
  const line = `${styleText(colour, mark)} ${title.padEnd(width)} ${text}`;
  return fix ? [line, `  ${' '.repeat(width)} fix: ${fix}`] : [line];
}

const marks = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  error: ['✗', 'red'],
  unknown: ['·', 'gray'],
} as const;

const width = 11;

if (isMain(import.meta.url)) {
  await runTool(async (args) => {
    const { json } = readOptions('npm run doctor [-- --json]', {
      args,
      options: { json: { type: 'boolean' } },
    }).values;
    const findings = await runChecks([...machineChecks, ...databaseChecks]);
    if (json) console.log(JSON.stringify(findings, null, 2));
    else for (const line of findings.flatMap(findingLines)) console.log(line);
    const errors = findings.filter(({ state }) => state === 'error').length;
    if (errors) process.exitCode = 1;
    if (json) return;
    const progress = progressLines();
    if (progress.length) console.log(`\nYour progress\n${progress.join('\n')}`);
    console.log(errors ? `\n${errors} to repair` : '\nReady to go.');
  });
}
