/** The npm packages: in node_modules, and in npm's cache for an `npm ci --offline`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { folderSize } from './size.ts';
import type { Provision } from './step.ts';

export function providePackages(report: (line: string) => void): Provision {
  const wrong = differences(readLock('package-lock.json'), readLock(installed));
  if (wrong.length) {
    throw new Error(`node_modules is not what package-lock.json says (${wrong[0]}): npm ci`);
  }
  if (!isCached()) fillCache(report);
  const number = Object.keys(readLock(installed)).length;
  const text = `${number} packages in node_modules, and in npm's cache`;
  return { text, bytes: folderSize('node_modules') };
}

/** What an npm lockfile says of each package, by its folder. */
export type Lock = Record<string, { version?: string; optional?: boolean }>;

/** Packages that are missing or have another version. Optional ones may be for another machine. */
export function differences(wanted: Lock, present: Lock): string[] {
  return Object.entries(wanted).flatMap(([folder, { version, optional }]) => {
    const found = present[folder];
    const isWrong = folder && (found ? found.version !== version : !optional);
    return isWrong ? [`${folder.replace('node_modules/', '')} ${version}`] : [];
  });
}

const installed = 'node_modules/.package-lock.json';
const stamp = join(root, 'node_modules', '.prefetched');

function readLock(file: string): Lock {
  return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
}

const isCached = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash();

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

// npm fetches what its cache lacks when it installs; so it installs once more, elsewhere.
function fillCache(report: (line: string) => void): void {
  report("Filling npm's cache (about half a minute)");
  const folder = mkdtempSync(join(tmpdir(), 'workshop-npm-'));
  try {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      copyFileSync(join(root, file), join(folder, file));
    }
    const args = ['ci', '--prefer-offline', '--ignore-scripts', '--loglevel=error'];
    const { status, stderr, error } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0)
      throw new Error(error?.message ?? stderr.trim().split('\n').slice(0, 3).join('\n'));
    writeFileSync(stamp, lockHash());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
