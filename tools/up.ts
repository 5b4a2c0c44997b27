/** `npm run up [-- --add-worker]`: a database that runs; a Citus cluster may grow. */

import { relative } from 'node:path';
import { databaseChecks, presentSubject, runChecks } from '../cluster/checks.ts';
import { composeCommand } from '../cluster/docker.ts';
import { addWorker, startInstance } from '../cluster/index.ts';
import { root, serviceFile } from '../cluster/instance.ts';
import { readOptions, runTool } from './cli.ts';
import { findingLines } from './doctor.ts';

await runTool(async (args) => {
  const { values } = readOptions('npm run up [-- --add-worker]', {
    args,
    options: { 'add-worker': { type: 'boolean' } },
  });
  const subject = presentSubject();
  console.log(`Database: ${subject.choice.why}`);
  if (subject.choice.engine === 'url') {
    if (values['add-worker']) {
      throw new Error(
        'The server of DATABASE_URL is not ours to extend. On its coordinator: select citus_add_node(…)',
      );
    }
    const findings = await runChecks(databaseChecks, subject);
    console.log(findings.flatMap((finding) => findingLines(finding)).join('\n'));
    process.exitCode = findings.some(({ state }) => state === 'error') ? 1 : 0;
    return;
  }
  const started = performance.now();
  const bringUp = values['add-worker'] ? addWorker : startInstance;
  const instance = await bringUp(undefined, { report: console.log });
  const { serverVersion, host, port, programs, name, containers, workers } = instance;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Ready: PostgreSQL ${serverVersion} on ${host}:${port} (${seconds} s)`);
  if (workers) {
    console.log(
      `  Citus: this is the coordinator; ${workers.length} workers on ports ${workers.map(({ port }) => port).join(', ')}`,
    );
  }
  const service = relative(root, serviceFile(name));
  if (containers) console.log(`  psql: ${composeCommand(containers)} exec coordinator psql`);
  else console.log(`  psql: PGSERVICEFILE=${service} ${programs}/psql service=workshop`);
});
