/** tslab's modules, as CommonJS objects that can be patched, and the project they serve. */
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../../..');
const fromProject = createRequire(join(ROOT, 'package.json'));
export const fromTslab = createRequire(fromProject.resolve('tslab'));
/* eslint-disable-next-line @typescript-eslint/no-explicit-any */
export const tslab = (name: string): any => fromTslab(`./${name}.js`);
export const compilerFile = fromTslab.resolve('@tslab/typescript-for-tslab');

/** Places in the memory that the kernel shares with its control thread. */
export const HEARD = 0,
  BUSY = 1,
  CLOSED = 2;
