/** `npm start`: database, short check, JupyterLab on the first notebook. */

import { join } from 'node:path';
import { databaseChecks, presentSubject, runChecks } from '../cluster/checks.ts';
import { startInstance } from '../cluster/index.ts';
import { root } from '../cluster/instance.ts';
import { machineChecks } from './checks.ts';
import { readOptions, runTool } from './cli.ts';
import { findingLines } from './doctor.ts';
import { installJupyterLab, startJupyterLab } from './jupyterlab.ts';
import { buildMissing } from './percent.ts';

await runTool(async (args) => {
  readOptions('npm start', { args });
  const subject = presentSubject();
  console.log(`Database: ${subject.choice.why}`);
  if (subject.choice.engine !== 'url') await startInstance(undefined, { report: console.log });
  installJupyterLab(console.log);
  // they are in git; one that was deleted comes back, and nobody's work in another is touched
  for (const file of buildMissing(join(root, 'notebooks'))) console.log(`written ${file}`);
  await checkShortly();
  const lab = await startJupyterLab({ report: console.log });
  console.log(`\nJupyterLab is ready. Open this address:\n\n  ${lab.url}\n`);
  console.log('Ctrl-C stops JupyterLab; the database runs on (npm run down stops it).');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void lab.stop());
  }
  await lab.ended;
  console.log('\nJupyterLab has stopped; the database runs on (npm run down stops it).');
});

// Green lines are not shown; a red one ends the start.
async function checkShortly(): Promise<void> {
  const findings = await runChecks([...machineChecks, ...databaseChecks]);
  const others = findings.filter(({ state }) => state !== 'ok');
  for (const line of others.flatMap(findingLines)) console.log(line);
  if (others.some(({ state }) => state === 'error')) {
    throw new Error('Not started: repair the lines marked ✗ (npm run doctor shows them all).');
  }
  console.log(`Checked: ${findings.length - others.length} of ${findings.length} ok`);
}
