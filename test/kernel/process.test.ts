/** The kernel's process: how it starts, and that it ends. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isAlive } from '../../cluster/processes.ts';
import { waitFor } from '../../cluster/wait.ts';
import { installKernel } from '../../tools/install-kernel.ts';
import { Kernel } from '../../tools/kernel-client.ts';
import { KERNEL } from '../../tools/notebook.ts';

const client = join(import.meta.dirname, '../../tools/kernel-client.ts');
const spec = process.env.KERNEL_SPEC ?? KERNEL;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernels-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('ends at once when asked to', async () => {
  const kernel = await Kernel.start(spec, folder);
  await kernel.execute('setInterval(() => {}, 1000)');
  expect(await kernel.stop({ timeoutMs: 2000 })).toBe(true);
});

it('does not outlive the program that started it', async () => {
  const program = `
    import { Kernel } from ${JSON.stringify(client)};
    const kernel = await Kernel.start(${JSON.stringify(spec)}, ${JSON.stringify(folder)});
    console.log(kernel.pid);
    process.kill(process.pid, 'SIGKILL');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program]);
  let printed = '';
  parent.stdout.on('data', (data) => {
    printed += data;
  });
  await once(parent, 'close');
  await untilGone(Number(printed));
});

it('hands over to the Node of the kit when the one on the PATH is old', async ({ skip }) => {
  const oldNode = findOldNode() ?? skip('this system has no Node that is too old for TypeScript');
  const start = [oldNode, join(KERNEL, 'start.cjs'), '{connection_file}'];
  writeFileSync(join(folder, 'kernel.json'), JSON.stringify({ argv: start }));
  const kernel = await Kernel.start(folder, folder);
  const { outputs } = await kernel.execute('[process.version, process.pid].join()');
  const [version, pid] = JSON.stringify(outputs).match(/v[\d.]+|\d{2,}(?=")/g) ?? [];
  expect(version).toBe(process.version);
  process.kill(kernel.pid ?? 0, 'SIGKILL');
  await untilGone(Number(pid));
  await kernel.stop();
});

it('is registered with absolute paths, and starts from there', async () => {
  const registered = join(folder, 'registered');
  const { argv, display_name } = JSON.parse(readFileSync(installKernel(registered), 'utf8'));
  expect(argv).toEqual([process.execPath, join(KERNEL, 'start.cjs'), '{connection_file}']);
  expect(display_name).toBe('TypeScript (workshop)');
  const kernel = await Kernel.start(registered, folder);
  expect((await kernel.execute('1 + 1')).status).toBe('ok');
  await kernel.stop();
});

async function untilGone(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(1);
  await waitFor('the end of the kernel', () => !isAlive(pid), { limitMs: 10_000 });
}

// One that cannot run TypeScript, at the places where systems have theirs.
function findOldNode(): string | undefined {
  return ['/usr/bin/node', '/usr/local/bin/node'].find((file) => {
    const print = 'process.stdout.write(String(Boolean(process.features.typescript)))';
    return spawnSync(file, ['-e', print], { encoding: 'utf8' }).stdout === 'false';
  });
}
