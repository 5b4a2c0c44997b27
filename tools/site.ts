/**
 * `npm run site [-- --reuse --out FOLDER]`: the executed notebooks, the slides and the guide as a static site.
 * Runs the notebooks first; with `--reuse` only those that are missing in out/ or have changed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { runTool } from './cli.ts';
import { buildSite } from './site/build.ts';
import { checkSite } from './site/check.ts';
import { isCurrent } from './site/executed.ts';
import { readReadme } from './site/readme.ts';

const root = join(import.meta.dirname, '..');
const executed = join(root, 'out');
const slides = join(root, 'out', 'slides');

await runTool(async (args) => {
  const { reuse, out } = readArguments(args);
  const { chapters } = readReadme(readFileSync(join(root, 'README.md'), 'utf8'));
  const missing = reuse
    ? chapters.filter(({ name }) => !isCurrent(name, { root, executed }))
    : chapters;
  if (missing.length) await run('notebooks', ...missing.map(({ id }) => id));
  if (!reuse || !existsSync(slides)) await makeSlides();
  const pages = await buildSite({ root, executed, slides, out });
  const faults = await checkSite(out);
  if (faults.length) {
    throw new Error(`The site has faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
  console.log(`${pages.length} pages in ${relative('.', out)}; open ${join(out, 'index.html')}`);
});

function readArguments(args: string[]): { reuse: boolean; out: string } {
  try {
    const options = {
      reuse: { type: 'boolean', default: false },
      out: { type: 'string', default: join(root, 'out', 'site') },
    } as const;
    return parseArgs({ args, options }).values;
  } catch (cause) {
    const [sentence] = (cause as Error).message.split('. ');
    throw new Error(`${sentence}. Usage: npm run site [-- --reuse --out FOLDER]`, { cause });
  }
}

async function makeSlides(): Promise<void> {
  if (existsSync(join(root, 'tools', 'slides.ts'))) await run('slides');
  else console.log('Slides: none yet, the site does without');
}

async function run(tool: string, ...args: string[]): Promise<void> {
  const program = join(root, 'tools', `${tool}.ts`);
  const child = spawn(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit' });
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) {
    throw new Error(`The site was not built: npm run ${tool} ended with ${signal ?? code}.`);
  }
}
