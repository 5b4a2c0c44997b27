/** `npm start`: database, short check, JupyterLab on the first notebook. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { databaseChecks, presentSubject, runChecks } from '../cluster/checks.ts';
import { startInstance } from '../cluster/index.ts';
import { root } from '../cluster/instance.ts';
import { machineChecks } from './checks.ts';
import { runTool } from './cli.ts';
import { findingLines } from './doctor.ts';
import { installJupyterLab, startJupyterLab } from './jupyterlab.ts';

await runTool(async () => {
  const subject = presentSubject();
  console.log(`Database: ${subject.choice.why}`);
  if (subject.choice.engine !== 'url') await startInstance(undefined, { report: console.log });
  installJupyterLab(console.log);
  buildNotebooks();
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

// They are in git; a chapter that somebody has just written may not be built yet.
function buildNotebooks(): void {
  const files = readdirSync(join(root, 'notebooks'));
  const sources = files.filter((file) => /^\d\d-.*\.ts$/.test(file));
  const missing = sources.filter((file) => !files.includes(file.replace(/\.ts$/, '.ipynb')));
  if (!missing.length && existsSync(join(root, 'notebooks'))) return;
  const program = join(root, 'tools', 'percent.ts');
  spawnSync(process.execPath, [program, 'build', 'notebooks'], { cwd: root, stdio: 'inherit' });
}

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
