/** `npm run down [-- --delete]`: stops the database; with `--delete`, removes it and its data. */

import { destroyInstance, stopInstance } from '../cluster/index.ts';
import { defaultName, givenUrl } from '../cluster/instance.ts';
import { readOptions, runTool } from './cli.ts';

await runTool(async (args) => {
  const { values } = readOptions('npm run down [-- --delete]', {
    args,
    options: { delete: { type: 'boolean' } },
  });
  const name = defaultName();
  if (values.delete) {
    const was = await destroyInstance(name, { report: console.log });
    console.log(was ? `Deleted the database "${name}" and its data.` : 'There was no database.');
    return;
  }
  const was = await stopInstance(name, { report: console.log });
  console.log(was ? 'Stopped; the data stays (npm run up).' : 'No database of ours was running.');
  if (givenUrl()) console.log('The server of DATABASE_URL is not ours: it runs on.');
});
