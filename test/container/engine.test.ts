import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findContainerEngine } from '../../cluster/docker.ts';
import { destroyInstance, readInstance, startInstance } from '../../cluster/index.ts';

const name = `probe-${process.pid}`;
let folder: string;
let told: string[];
const report = (line: string) => told.push(line);

beforeEach(() => {
  told = [];
  folder = mkdtempSync(join(tmpdir(), 'docker-'));
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  vi.stubEnv('WORKSHOP_ENGINE', undefined);
  vi.stubEnv('WORKSHOP_FLAVOUR', undefined);
  vi.stubEnv('DATABASE_URL', undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await destroyInstance(name);
  rmSync(folder, { recursive: true });
});

test('an engine without compose is not used, and the reason is told', () => {
  standIn('case $1 in version) echo 20.10.24 ;; *) echo unknown >&2; exit 1 ;; esac');
  expect(findContainerEngine()).toEqual({ reason: '"docker compose" is not installed' });
  standIn('echo "Cannot connect to the Docker daemon" >&2; exit 1');
  expect(findContainerEngine().reason).toContain('Cannot connect');
});

test('where no image can be had, a server of this machine is taken, and the reason told', async () => {
  standIn(withoutRegistry);
  const instance = await startInstance(name, { report });
  expect(instance.containers).toBeUndefined();
  expect(told.join('\n')).toMatch(/cannot be built.*no such host.*PostgreSQL of its own/s);
});

test('where containers were demanded, nothing else is taken', async () => {
  standIn(withoutRegistry);
  vi.stubEnv('WORKSHOP_ENGINE', 'docker');
  await expect(startInstance(name, { report })).rejects.toThrow(
    /cannot be built.*no such host.*WORKSHOP_ENGINE=native/s,
  );
  expect(readInstance(name)).toBeUndefined();
});

test('containers that do not come up are an error, with their last words', async () => {
  standIn(`
    case "$*" in
      version*) echo 20.10.24 ;;
      "compose version"*) echo 2.26.1 ;;
      *" up "*) echo "container coordinator exited (1)" >&2; exit 1 ;;
      *" logs "*) echo "coordinator | out of space" ;;
      *" port "*) exit 1 ;;
    esac`);
  await expect(startInstance(name, { report })).rejects.toThrow(
    /did not come up.*exited \(1\).*out of space/s,
  );
});

const withoutRegistry = `
  case "$*" in
    version*) echo 20.10.24 ;;
    "compose version"*) echo 2.26.1 ;;
    *) echo "dial tcp: no such host" >&2; exit 1 ;;
  esac`;

// A program "docker" that answers as one would in that situation.
function standIn(script: string): void {
  const file = join(folder, 'docker');
  writeFileSync(file, `#!/bin/bash\n${script}\n`);
  chmodSync(file, 0o755);
  expect(readFileSync(file, 'utf8')).toContain('bash');
}
