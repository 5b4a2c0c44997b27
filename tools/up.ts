/** `npm run up`: a database that runs. */

import { relative } from 'node:path';
import { checkServer } from '../cluster/checks.ts';
import { chooseEngine, startInstance } from '../cluster/index.ts';
import { root, serviceFile } from '../cluster/instance.ts';
import { main, say } from './report.ts';

await main(async () => {
  const { engine, why, url } = chooseEngine();
  say(`Database: ${why}`);
  if (engine === 'url') {
    say(await checkServer(url ?? ''));
    return;
  }
  const started = performance.now();
  const instance = await startInstance(undefined, { report: say });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(
    `Ready: PostgreSQL ${instance.serverVersion} on ${instance.host}:${instance.port} (${seconds} s)`,
  );
  const service = relative(root, serviceFile(instance.name));
  say(`  psql: PGSERVICEFILE=${service} ${instance.programs}/psql service=workshop`);
});
