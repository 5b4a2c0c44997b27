/**
 * Jupyter kernel for the workshop: tslab 1.0.22, unmodified, with the gaps of that release closed from outside.
 *   typescript.ts  compiler options, and how a type-checked cell becomes JavaScript
 *   modules.ts     imports: the project's .ts files, with reload after an edit
 *   errors.ts      what a failed cell shows
 *   server.ts      the Jupyter messages: results, errors, interrupts
 */

import { runCellsAsModules } from './modules.ts';
import { patchTypeScript } from './typescript.ts';

patchTypeScript(); // before tslab's converter loads the compiler
runCellsAsModules();
const { startServer } = await import('./server.ts');
startServer(process.argv[2]!);

// A kernel must not outlive the program that started it.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 2000).unref();
