/**
 * Jupyter kernel for the workshop: tslab 1.0.22, unmodified, with the gaps of that release closed from outside.
 *   typescript.ts  compiler options
 *   script.ts      how a type-checked cell becomes JavaScript
 *   modules.ts     imports: the project's .ts files, with reload after an edit
 *   cell.ts        the cell that runs: its value and what went wrong in it
 *   errors.ts      what a failed cell shows
 *   executor.ts    tslab's compiler and executor, put together
 *   handler.ts     requests that run a cell
 *   server.ts      the Jupyter messages: results, errors, interrupts
 *   requests.ts    the thread that receives them
 */
import { runCellsAsModules } from './modules.ts';
import { patchTypeScript } from './typescript.ts';

patchTypeScript(); // before tslab's converter loads the compiler
runCellsAsModules();
const { startServer } = await import('./server.ts');
const [, , connectionFile] = process.argv;
startServer(connectionFile);

// A kernel must not outlive the program that started it.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent || !isAlive(parent)) process.exit(0);
}, 2000).unref();

// Windows keeps the number of a parent that is gone.
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
