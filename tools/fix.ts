/** `npm run fix`: repairs all that a program can repair. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerSettings } from '../cluster/container/settings.ts';
import { root } from '../cluster/instance.ts';
import { readOptions, runTool } from './cli.ts';
import { buildNotebooks } from './percent.ts';
import { buildPictures } from './pictures.ts';

const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
const sqlfluff = join(root, '.venv/bin/sqlfluff');

await runTool((args) => {
  readOptions('npm run fix', { args });
  process.chdir(root);
  const remaining = [run('Format and lint', process.execPath, [biome, 'check', '--write'])];
  if (existsSync(sqlfluff)) remaining.push(run('Format SQL', sqlfluff, ['fix', 'sql']));
  else console.log('Format SQL: left out, there is no .venv yet (npm start makes it)');
  tell('Notebooks', buildNotebooks('notebooks'));
  tell('Pictures', buildPictures());
  tell('Settings of the containers', writeSettings());
  if (remaining.includes(false))
    throw new Error('Some faults are for a person to repair; see above.');
});

function tell(title: string, written: string[]): void {
  console.log(`${title}: ${written.length ? `written ${written.join(', ')}` : 'up to date'}`);
}

function writeSettings(): string[] {
  return Object.entries(containerSettings()).flatMap(([name, text]) => {
    const file = join('cluster', 'container', name);
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return [];
    writeFileSync(file, text);
    return [file];
  });
}

// Its output is shown only when something remains.
function run(title: string, program: string, args: string[]): boolean {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  console.log(`${title}: ${status === 0 ? 'ok' : 'faults remain'}`);
  if (status !== 0) console.error(error?.message ?? `${stdout}${stderr}`);
  return status === 0;
}
