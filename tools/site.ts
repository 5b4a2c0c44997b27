/**
 * `npm run site [-- --reuse --out FOLDER]`: the executed notebooks, the slides and the guide as a static site.
 * Runs the notebooks first; with `--reuse` only those that are missing in out/ or have changed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { root } from '../cluster/instance.ts';
import { readOptions, runTool } from './cli.ts';
import { makeSite } from './site/make.ts';

const executed = join(root, 'out');

await runTool(async (args) => {
  const { reuse, out } = readArguments(args);
  const folders = { root, executed, slides: join(executed, 'slides'), out };
  const pages = await makeSite(folders, { reuse, run });
  console.log(`${pages.length} pages in ${relative('.', out)}; open ${join(out, 'index.html')}`);
});

function readArguments(args: string[]): { reuse: boolean; out: string } {
  return readOptions('npm run site [-- --reuse --out FOLDER]', {
    args,
    options: {
      reuse: { type: 'boolean', default: false },
      out: { type: 'string', default: join(root, 'out', 'site') },
    },
  }).values;
}

async function run(tool: string, ...args: string[]): Promise<void> {
  const program = join(root, 'tools', `${tool}.ts`);
  const child = spawn(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  const [code, signal] = await once(child, 'exit');
  if (code === 0) return;
  throw new Error(`The site was not built: npm run ${tool} ended with ${signal ?? code}.`);
}
