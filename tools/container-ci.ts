/**
 * `node tools/container-ci.ts [plain] [citus]`: builds the image, brings the nodes of compose.yaml
 * up, and runs the SQL tests and all notebooks against them. Takes the container engine that
 * answers; where there is none, one of Debian's packages (tools/container-engine.sh).
 */

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseChecks, presentSubject, runChecks } from '../cluster/checks.ts';
import { type Flavour, findContainerEngine } from '../cluster/docker.ts';
import { factLines } from '../cluster/facts.ts';
import { root } from '../cluster/instance.ts';
import { runTool } from './cli.ts';
import { findingLines } from './doctor.ts';
import { type Counts, closingLine, countTests, reporters } from './test.ts';

const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
const engineFolder = mkdtempSync(join(tmpdir(), 'workshop-containers-'));
let isClean = false;
const citusImage = 'citusdata/citus:14.1.0';

await runTool(async (args) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(130));
  }
  process.once('exit', cleanUp);
  const skipped = provideEngine();
  if (skipped) skip('containers', skipped);
  else for (const flavour of chooseFlavours(args)) await testFlavour(flavour);
  cleanUp();
  console.log(`\n${closingLine(counts)}`);
  if (counts.failed) process.exitCode = 1;
});

// Why there is no engine; undefined when there is one.
function provideEngine(): string | undefined {
  const { text, reason } = findContainerEngine();
  if (text) {
    console.log(`Container engine: ${text}, which runs on this machine`);
    return undefined;
  }
  console.log(`Container engine: ${reason}; bringing up one of our own for this run`);
  const script = join(root, 'tools', 'container-engine.sh');
  const { status, stdout } = spawnSync('bash', [script, 'start', engineFolder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status === 3) return 'no container engine can run here (the reason is above)';
  if (status !== 0) throw new Error(`${script} failed with code ${status}`);
  process.env.DOCKER_HOST = stdout.trim().split('\n').at(-1);
  console.log(`Container engine: ${findContainerEngine().text}, from Debian's packages`);
  return undefined;
}

// Plain always; Citus where its published image can be had.
function chooseFlavours(wish: string[]): Flavour[] {
  if (wish.length) return wish as Flavour[];
  const has = (...args: string[]) => spawnSync('docker', args, { timeout: 30_000 }).status === 0;
  if (has('image', 'inspect', citusImage) || has('manifest', 'inspect', citusImage)) {
    return ['plain', 'citus'];
  }
  skip('flavour citus', `the image ${citusImage} cannot be reached from here`);
  return ['plain'];
}

async function testFlavour(flavour: Flavour): Promise<void> {
  console.log(`\nFlavour ${flavour}`);
  const project = `workshop-ci-${process.pid}-${flavour}`;
  Object.assign(process.env, {
    COMPOSE_PROJECT_NAME: project,
    WORKSHOP_FLAVOUR: flavour,
    COORDINATOR_PORT: '0',
  });
  const compose = (...args: string[]) => runProgram('docker', ['compose', ...args]);
  try {
    const isUp =
      (await step('the image builds', () => compose('build', 'coordinator'))) &&
      (await step('a coordinator and two workers come up healthy', () =>
        compose('up', '-d', '--no-build', '--wait', '--wait-timeout', '300'),
      ));
    if (!isUp) {
      spawnSync('docker', ['compose', 'logs', '--tail', '30'], { stdio: 'inherit' });
      return;
    }
    await step('only the coordinator is published, on the loopback address', checkPorts);
    await step('a node that cannot start is never healthy', () => checkFailure(compose));
    process.env.DATABASE_URL = await containerUrl(compose);
    await step('the server has what the workshop needs', checkServer);
    await testSql(flavour);
    await step('every notebook runs', () =>
      runProgram(
        process.execPath,
        [
          ...[
            'tools/notebooks.ts',
            '--keep-going',
            '--out',
            join(root, 'out', `containers-${flavour}`),
          ],
        ],
        { isLive: true },
      ),
    );
  } finally {
    delete process.env.DATABASE_URL;
    await step('everything goes away again', () =>
      compose('--profile', 'more', 'down', '--volumes'),
    );
  }
}

async function step(title: string, run: () => unknown): Promise<boolean> {
  const started = performance.now();
  const seconds = () => `(${((performance.now() - started) / 1000).toFixed(1)} s)`;
  try {
    await run();
    console.log(`✓ ${title} ${seconds()}`);
    counts.passed += 1;
    return true;
  } catch (error) {
    console.log(`✗ ${title} ${seconds()}\n${(error as Error).message.trimEnd()}\n`);
    counts.failed += 1;
    return false;
  }
}

async function checkPorts(): Promise<void> {
  const format = '{{.Ports}}';
  const filter = `label=com.docker.compose.project=${process.env.COMPOSE_PROJECT_NAME}`;
  const told = await runProgram('docker', ['ps', '--filter', filter, '--format', format]);
  const published = told.split(/[\n,]/).filter((port) => port.includes('->'));
  if (published.length === 1 && /^\s*127\.0\.0\.1:\d+->5432\/tcp$/.test(published[0] ?? '')) return;
  throw new Error(`Expected one port on 127.0.0.1, got: ${told}`);
}

// A node without a writable volume: it must end, not linger half made.
async function checkFailure(compose: (...args: string[]) => Promise<string>): Promise<void> {
  const broken = ['run', '--rm', '--no-deps', '-e', 'PGDATA=/proc/nowhere', 'worker-1'];
  const problem = await compose(...broken).then(
    () => undefined,
    (error: Error) => error,
  );
  if (!problem) throw new Error('It ended as if nothing was wrong');
}

async function containerUrl(compose: (...args: string[]) => Promise<string>): Promise<string> {
  const url = new URL(
    (await compose('exec', '-T', 'coordinator', 'cat', '/run/workshop/url')).trim(),
  );
  url.host = (await compose('port', 'coordinator', '5432')).trim();
  return url.href;
}

async function checkServer(): Promise<void> {
  const subject = presentSubject();
  const facts = await subject.facts();
  if (facts) console.log(factLines(facts).join('\n'));
  const findings = await runChecks(databaseChecks, subject);
  console.log(findings.flatMap(findingLines).join('\n'));
  const wrong = findings.filter(({ state }) => state !== 'ok').map(({ title }) => title);
  const isHarmless = (title: string) => title === 'pg_cron'; // an old one is a warning
  if (!wrong.every(isHarmless)) throw new Error(`Not ok: ${wrong.join(', ')}`);
}

async function testSql(flavour: string): Promise<void> {
  const reportFile = join(root, 'out', `containers-${flavour}.json`);
  mkdirSync(join(root, 'out'), { recursive: true });
  rmSync(reportFile, { force: true });
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...reporters(reportFile), 'test/sql/'];
  const problem = await runProgram(process.execPath, args, { isLive: true }).catch(
    (error) => error,
  );
  try {
    const tests = countTests(JSON.parse(readFileSync(reportFile, 'utf8')));
    counts.passed += tests.passed;
    counts.failed += tests.failed;
    counts.skipped += tests.skipped;
    console.log(`${tests.failed ? '✗' : '✓'} SQL tests: ${closingLine(tests)}`);
  } catch {
    counts.failed += 1;
    console.log(`✗ SQL tests: ${problem instanceof Error ? problem.message : 'no report'}`);
  }
}

function skip(what: string, reason: string): void {
  console.log(`- not run: ${what}: ${reason}`);
  counts.skipped += 1;
}

// Also after Ctrl-C and after a crash; must not wait, because the process is ending.
function cleanUp(): void {
  if (isClean) return;
  isClean = true;
  const { COMPOSE_PROJECT_NAME: project, DOCKER_HOST } = process.env;
  const isOurs = DOCKER_HOST?.includes(engineFolder);
  if (project) {
    const args = ['compose', '--profile', 'more', 'down', '--volumes'];
    spawnSync('docker', args, { cwd: root, stdio: 'ignore', timeout: 60_000 });
  }
  if (isOurs) {
    const script = join(root, 'tools', 'container-engine.sh');
    spawnSync('bash', [script, 'stop', engineFolder], { stdio: 'inherit' });
  }
  rmSync(engineFolder, { recursive: true, force: true });
}

// Gives what was printed on stdout; rejects with the end of everything that was printed.
function runProgram(program: string, args: string[], { isLive = false } = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const stdio = isLive ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, args, { cwd: root, stdio: stdio as 'pipe' });
  let output = '';
  let told = '';
  child.stdout?.on('data', (data) => {
    output += data;
    told += data;
  });
  child.stderr?.on('data', (data) => {
    told += data;
  });
  child.once('error', reject);
  child.once('close', (code, signal) => {
    if (code === 0) return resolve(output);
    const end = told.trimEnd().split('\n').slice(-20).join('\n');
    reject(
      new Error(
        `${end}\n"${program} ${args.slice(0, 4).join(' ')}" ended with ${signal ?? `code ${code}`}`,
      ),
    );
  });
  return promise;
}
