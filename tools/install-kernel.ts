/** Registers the workshop kernel for Jupyter and VS Code without Python. Usage: tsx tools/install-kernel.ts [name] */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const data =
  process.env.JUPYTER_DATA_DIR ??
  (process.platform === 'win32'
    ? join(process.env.APPDATA ?? homedir(), 'jupyter')
    : process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Jupyter')
      : join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'jupyter'));
const source = fileURLToPath(new URL('../kernel/kernels/tslab', import.meta.url));
const spec = JSON.parse(readFileSync(join(source, 'kernel.json'), 'utf8'));
// absolute paths: the node that ran this script, and this checkout's launcher
spec.argv = spec.argv.map((a: string) =>
  a === 'node' ? process.execPath : a.replaceAll('{resource_dir}', source),
);
const target = join(data, 'kernels', process.argv[2] ?? 'tslab');
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'kernel.json'), JSON.stringify(spec, null, 2) + '\n');
console.log(target);
