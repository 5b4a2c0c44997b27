/** `npm run up [-- --add-worker]`: a database that runs; a Citus cluster in containers may grow. */

import { relative } from 'node:path';
import { databaseChecks, presentSubject, runChecks } from '../cluster/checks.ts';
import { addWorker, composeCommand } from '../cluster/docker.ts';
import { startInstance } from '../cluster/index.ts';
import { root, serviceFile } from '../cluster/instance.ts';
import { runTool } from './cli.ts';
import { findingLines } from './doctor.ts';

await runTool(async (args) => {
  const subject = presentSubject();
  console.log(`Database: ${subject.choice.why}`);
  if (subject.choice.engine === 'url') {
    const findings = await runChecks(databaseChecks, subject);
    console.log(findings.flatMap((finding) => findingLines(finding)).join('\n'));
    process.exitCode = findings.some(({ state }) => state === 'error') ? 1 : 0;
    return;
  }
  const started = performance.now();
  const instance = await startInstance(undefined, { report: console.log });
  if (args.includes('--add-worker')) await addWorker(instance, console.log);
  const { serverVersion, host, port, programs, name, containers } = instance;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Ready: PostgreSQL ${serverVersion} on ${host}:${port} (${seconds} s)`);
  const service = relative(root, serviceFile(name));
  if (containers) console.log(`  psql: ${composeCommand(containers)} exec coordinator psql`);
  else console.log(`  psql: PGSERVICEFILE=${service} ${programs}/psql service=workshop`);
});
