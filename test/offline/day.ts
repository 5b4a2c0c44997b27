/** The workshop's day in short, as the test without a network runs it. Usage: node day.ts FOLDER */
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { destroyInstance, startInstance } from '../../cluster/index.ts';
import { startJupyterLab } from '../../tools/jupyterlab.ts';

const root = join(import.meta.dirname, '../..');
const [out = ''] = process.argv.slice(2);

try {
  console.log(`another host: ${await reach('192.0.2.1')}`);
  await startInstance(undefined, { report: console.log });
  const args = [join(root, 'tools/notebooks.ts'), '00', '07', '--out', out];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
  const lab = await startJupyterLab({ open: false });
  const page = await fetch(lab.url);
  console.log(`JupyterLab answers ${page.status}`);
  await lab.stop();
} finally {
  await destroyInstance();
}

// An address for documentation: with a network it would not answer, without one it is refused at once.
function reach(host: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host, port: 443, timeout: 5000 });
  socket.once('connect', () => resolve('reached'));
  socket.once('timeout', () => resolve('asked'));
  socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'an error'));
  return promise.finally(() => socket.destroy());
}
