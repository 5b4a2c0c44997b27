import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { containerSettings } from '../../cluster/container/settings.ts';
import { root } from '../../cluster/instance.ts';
import { serverSettings } from '../../cluster/settings.ts';
import { venvProgram } from '../../tools/jupyterlab.ts';

const compose = readYaml('compose.yaml');
const folder = join(root, 'cluster', 'container');
const onLoopback = /^127\.0\.0\.1:\$\{COORDINATOR_PORT:-5432\}:5432$/;
const nodes = ['coordinator', 'worker-1', 'worker-2', 'worker-3'];

test('compose.yaml has a coordinator and its workers, the third only on demand', () => {
  expect(Object.keys(compose.services)).toEqual(nodes);
  expect(compose.services['worker-3']?.profiles).toEqual(['more']);
  for (const name of nodes) {
    expect(compose.services[name]).toMatchObject({ hostname: name, init: true });
    expect(compose.services[name]).toMatchObject({ stop_signal: 'SIGINT' });
    expect(compose.services[name]?.healthcheck?.test).toEqual(['CMD', 'health']);
  }
});

test('only the coordinator is published, on the loopback address', () => {
  for (const name of nodes) {
    const ports = name === 'coordinator' ? [expect.stringMatching(onLoopback)] : undefined;
    expect(compose.services[name]?.ports).toEqual(ports);
  }
});

test('one image is built once, and each node has a volume where every version of PostgreSQL fits', () => {
  const [coordinator, ...workers] = nodes.map((name) => compose.services[name]);
  expect(coordinator).toHaveProperty('build');
  for (const worker of workers) {
    expect(worker).not.toHaveProperty('build');
    expect(worker).toMatchObject({ image: coordinator?.image, pull_policy: 'never' });
  }
  for (const name of nodes) {
    expect(compose.services[name]?.volumes).toEqual([
      `${name}:/var/lib/postgresql`,
      'secrets:/run/workshop',
    ]);
  }
});

test('no password is written down anywhere', () => {
  for (const file of ['compose.yaml', 'cluster/Dockerfile', '.devcontainer/compose.yaml']) {
    expect(readText(file)).not.toMatch(/PASSWORD/);
  }
});

test('published images are pinned, and the Dockerfile needs no engine newer than 20.10', () => {
  const text = readText('cluster/Dockerfile');
  const images = [...text.matchAll(/^FROM \$\{BASE_IMAGE:-(.+)\} AS/gm)].map(([, image]) => image);
  expect(images).toEqual([
    expect.stringMatching(/^citusdata\/citus:\d+\.\d+\.\d+$/),
    'debian:trixie-slim',
  ]);
  expect(text).not.toMatch(/<<|--link|# *syntax/);
});

test('the configuration in the images is that of every other node', () => {
  for (const [name, text] of Object.entries(containerSettings())) {
    expect(readText(join('cluster', 'container', name)), 'node cluster/container/settings.ts').toBe(
      text,
    );
  }
  const native = serverSettings('single', {
    port: 15432,
    database: 'workshop',
    libraries: ['pg_cron', 'pg_partman_bgw', 'hll'],
  });
  const own = /^(#.*|(listen_addresses|port|unix_socket_directories) = .*)$/;
  const shared = native.split('\n').filter((line) => !own.test(line));
  const image = readText('cluster/container/plain.conf');
  for (const line of shared) expect(image).toContain(line);
});

test('Citus comes first of what is preloaded, and shards may move', () => {
  const text = readText('cluster/container/citus.conf');
  expect(text).toMatch(/^shared_preload_libraries = 'citus,/m);
  expect(text).toMatch(/^wal_level = 'logical'/m);
});

test('scripts of the containers are valid', () => {
  const scripts = [
    ...['entrypoint', 'join', 'health'].map((name) => join(folder, name)),
    ...['prepare', 'welcome'].map((name) => join(root, '.devcontainer', name)),
    join(root, 'tools', 'container-engine.sh'),
  ];
  for (const script of scripts) {
    const { status, stderr } = spawnSync('bash', ['-n', script], { encoding: 'utf8' });
    expect({ script, status, stderr }).toEqual({ script, status: 0, stderr: '' });
  }
});

test('what the Dockerfiles copy is in the build context', () => {
  const allowed = readText('.dockerignore').match(/(?<=^!).+$/gm) ?? [];
  const copied = readText('cluster/Dockerfile').match(/(?<=^COPY ).+$/gm) ?? [];
  const sources = copied.flatMap((line) => line.split(' ').slice(0, -1));
  expect(sources.sort()).toEqual(allowed.sort());
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(['entrypoint', 'join.sql']));
});

test('the dev container works beside the coordinator and begins with the first notebook', () => {
  const config = JSON.parse(readText('.devcontainer/devcontainer.json'));
  const files = config.dockerComposeFile.map((name: string) => join('.devcontainer', name));
  expect(files).toEqual(['compose.yaml', '.devcontainer/compose.yaml']);
  expect(config.hostRequirements).toMatchObject({ cpus: 4 });
  expect(config.forwardPorts).toEqual(expect.arrayContaining([5432, 8888]));
  const [first] = config.customizations.codespaces.openFiles;
  expect(readText(first.replace(/ipynb$/, 'ts'))).toContain('# ');
  const { services } = readYaml('.devcontainer/compose.yaml');
  expect(services[config.service]).toMatchObject({ network_mode: 'service:coordinator' });
  expect(services[config.service]?.volumes).toContain(`.:${config.workspaceFolder}`);
});

interface Service {
  [key: string]: unknown;
  healthcheck?: { test: string[] };
}

// With the Python that the kit brings along for JupyterLab; compose's own tags are passed over.
function readYaml(file: string): { services: Record<string, Service> } {
  const program = `
import json, sys, yaml
yaml.SafeLoader.add_multi_constructor('!', lambda loader, tag, node: None)
print(json.dumps(yaml.safe_load(open(sys.argv[1]))))`;
  const { stdout, stderr } = spawnSync(venvProgram('python'), ['-c', program, join(root, file)], {
    encoding: 'utf8',
  });
  if (!stdout) throw new Error(`${file}: ${stderr}`);
  return JSON.parse(stdout);
}

function readText(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
