/** Figures come from executed notebooks: what happens where there is none, or an old one. */
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { chapter } from '../../lib/chapters.ts';
import { chooseDecks } from './decks.ts';
import { executedFile, type Figures } from './executed.ts';
import { neededChapters } from './expand.ts';

/** Executes the notebooks whose figures the decks show and that have not been executed. */
export function executeMissing(
  wanted: string[],
  figures: Figures,
  report: (line: string) => void,
): void {
  const needed = [...new Set(chooseDecks(wanted).flatMap(neededChapters))].sort();
  const missing = needed.filter((id) => age(executedFile(id, figures)) === undefined);
  const old = needed.filter(
    (id) => (age(executedFile(id, figures)) ?? 0) > (age(sourceFile(id)) ?? 0),
  );
  if (old.length) {
    report(
      `Changed since they were executed, so maybe other figures: npm run notebooks -- ${old.join(' ')}`,
    );
  }
  if (!missing.length) return;
  report(`Figures come from executed notebooks: running ${missing.join(' ')} first`);
  const command = ['tools/notebooks.ts', ...missing, '--out', figures.folder];
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status) throw new Error(`They did not run. Try: npm run notebooks -- ${missing.join(' ')}`);
}

const sourceFile = (id: string) => join(root, 'notebooks', `${chapter(id).name}.ts`);

const age = (file: string) => (existsSync(file) ? Date.now() - statSync(file).mtimeMs : undefined);
