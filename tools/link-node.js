// After `npm install`, on whatever Node there is: some versions of npm (9.2 of Debian 12) leave out the links to
// programs of optional packages, and the Node that everything here runs on is one. Plain JavaScript, without packages.

import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const link = join(modules, '.bin', 'node');

const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const installed = Object.keys(optionalDependencies)
  .filter((name) => name.startsWith('node-'))
  .find((name) => existsSync(join(modules, name, 'bin', 'node')));

// on Windows npm writes scripts instead of links, and the program is node.exe
if (installed && !existsSync(link)) {
  rmSync(link, { force: true }); // it may lead nowhere
  symlinkSync(join('..', installed, 'bin', 'node'), link);
}
