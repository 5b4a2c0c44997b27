/** `npm run reset [-- NN] [--yes]`: empties the database, or rebuilds the start of chapter NN. */

import { createInterface } from 'node:readline/promises';
import { chooseEngine, startInstance } from '../cluster/index.ts';
import { chapter } from '../lib/chapters.ts';
import { readOptions, runTool } from './cli.ts';

await runTool(async (args) => {
  const { positionals, values } = readOptions('npm run reset [-- NN --yes]', {
    args,
    allowPositionals: true,
    options: { yes: { type: 'boolean' } },
  });
  const [wanted, ...rest] = positionals;
  if (rest.length || (wanted && !/^\d\d?$/.test(wanted))) {
    throw new Error(`Expected a chapter such as 03, got "${[wanted, ...rest].join(' ')}"`);
  }
  const id = wanted && chapter(wanted.padStart(2, '0')).id;
  const { engine, why } = chooseEngine();
  console.log(`Database: ${why}`);
  if (engine !== 'url') await startInstance(undefined, { report: console.log });
  else if (!values.yes && !(await isAgreed())) return;
  const { resetTo } = await import('../lib/ready.ts');
  await resetTo(id, { report: console.log });
  console.log(id ? `As at the start of chapter ${id}.` : 'Nothing of the workshop is left.');
});

// On somebody's own server nothing is removed without a yes.
async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Error(
      'This removes the workshop from the server of DATABASE_URL. Nobody is here to agree: add --yes.',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question('Remove everything of the workshop there? [y/N] ');
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) return true;
  console.log('Nothing was changed.');
  return false;
}
