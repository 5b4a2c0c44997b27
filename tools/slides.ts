/**
 * `npm run slides [-- 03 closing] [--watch] [--dark] [--no-pdf]`: decks of slides as web pages and PDF, in out/slides.
 * With `--watch` they are served on this machine, and shown again after each change.
 */
import { join } from 'node:path';
import { root } from '../cluster/instance.ts';
import { readOptions, runTool } from './cli.ts';
import { buildSlides } from './slides/build.ts';
import { executeMissing } from './slides/execute.ts';
import { watchSlides } from './slides/watch.ts';

await runTool(async (args) => {
  const { positionals: wanted, values } = readArguments(args);
  const figures = { folder: values.executed };
  const { dark } = values;
  if (values.watch) {
    await watchSlides(wanted, { figures, dark, report: console.log });
    return;
  }
  executeMissing(wanted, figures, console.log);
  const out = join(root, 'out/slides');
  await buildSlides(wanted, { figures, dark, pdf: !values['no-pdf'], report: console.log });
  console.log(`Done: ${join(out, 'index.html')}`);
});

function readArguments(args: string[]) {
  return readOptions('npm run slides [-- 03 closing --watch --dark --no-pdf --executed FOLDER]', {
    args,
    allowPositionals: true,
    options: {
      watch: { type: 'boolean', default: false },
      dark: { type: 'boolean', default: false },
      'no-pdf': { type: 'boolean', default: false },
      executed: { type: 'string', default: join(root, 'out') },
    },
  });
}
