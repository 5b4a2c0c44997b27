/** tslab's modules, as CommonJS objects that can be patched, and the project they serve. */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

// biome-ignore lint/suspicious/noExplicitAny: what tslab and its compiler do not export has no types
export type Untyped = any;

export const ROOT = resolve(import.meta.dirname, '../../..');
const fromProject = createRequire(join(ROOT, 'package.json'));
export const fromTslab = createRequire(fromProject.resolve('tslab'));
export const tslab = (name: string): Untyped => fromTslab(`./${name}.js`);
export const compilerFile = fromTslab.resolve('@tslab/typescript-for-tslab');

/** Places in the memory that the kernel shares with the thread that receives its requests. */
export const HEARD = 0; // interrupts that the main thread took
export const BUSY = 1; // the compiler is at work
export const CLOSED = 2; // the thread closed its sockets
export const state = new Int32Array(new SharedArrayBuffer(12));
