/**
 * `npm run kernel`: registers the workshop's kernel for the user's own JupyterLab and VS Code, without Python.
 * `npm run kernel -- --remove` takes it away.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isMain, readOptions, runTool } from './cli.ts';
import { KERNEL } from './notebook.ts';

/** Writes a kernel.json with absolute paths: the Node that runs this, and the launcher of this checkout. */
export function installKernel(folder = userKernelFolder()): string {
  const spec = JSON.parse(readFileSync(join(KERNEL, 'kernel.json'), 'utf8'));
  const [, ...args] = spec.argv.map((arg: string) => arg.replaceAll('{resource_dir}', KERNEL));
  spec.argv = [process.execPath, ...args];
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'kernel.json');
  writeFileSync(file, `${JSON.stringify(spec, null, 2)}\n`);
  return file;
}

/** Where Jupyter and VS Code look for a kernel named `tslab` of this user. */
const userKernelFolder = (): string => join(userDataFolder(), 'kernels', 'tslab');

// The rules of jupyter_core.
function userDataFolder(): string {
  const { JUPYTER_DATA_DIR, APPDATA, XDG_DATA_HOME } = process.env;
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Jupyter');
  if (process.platform === 'win32') return join(APPDATA ?? homedir(), 'jupyter');
  return join(XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'jupyter');
}

if (isMain(import.meta.url)) {
  await runTool((args) => {
    const { remove } = readOptions('npm run kernel [-- --remove]', {
      args,
      options: { remove: { type: 'boolean' } },
    }).values;
    const folder = userKernelFolder();
    if (remove) {
      rmSync(folder, { recursive: true, force: true });
      console.log(`Removed ${folder}`);
      return;
    }
    const replaces = existsSync(join(folder, 'kernel.json'));
    const { display_name } = JSON.parse(readFileSync(installKernel(folder), 'utf8'));
    console.log(`${replaces ? 'Registered again' : 'Registered'}: ${folder}`);
    console.log(`In VS Code: Select Kernel > Jupyter Kernel > ${display_name}`);
  });
}
