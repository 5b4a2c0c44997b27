/** All that a site takes: notebooks that have run, slides, pages, and a look at the result. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSite, type Folders } from './build.ts';
import { checkSite } from './check.ts';
import { isCurrent } from './executed.ts';
import { readReadme } from './readme.ts';

export interface MakeOptions {
  /** Runs only those notebooks that are not executed, or have changed since. @default false */
  reuse?: boolean;
  /** Runs a program of the kit, such as `notebooks` with `03`. */
  run: (tool: string, ...args: string[]) => Promise<void>;
}

/**
 * Makes the site.
 *
 * @returns its pages
 * @throws when a program fails, or a link of the site leads nowhere
 */
export async function makeSite(
  folders: Folders,
  { reuse = false, run }: MakeOptions,
): Promise<string[]> {
  const { chapters } = readReadme(readFileSync(join(folders.root, 'README.md'), 'utf8'));
  const missing = chapters.filter(({ name }) => !reuse || !isCurrent(name, folders));
  if (missing.length) await run('notebooks', ...missing.map(({ id }) => id));
  // their figures are those of the notebooks
  if (missing.length || !existsSync(folders.slides)) await run('slides');
  const pages = await buildSite(folders);
  const faults = await checkSite(folders.out);
  if (!faults.length) return pages;
  throw new Error(`The site has faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}
