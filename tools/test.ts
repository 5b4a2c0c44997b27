/**
 * `npm test [-- PATTERN]`: everything, on a database of its own. With a pattern only the tests in
 * files whose path contains it.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { styleText } from 'node:util';
import { databaseChecks, presentSubject, runChecks } from '../cluster/checks.ts';
import { factLines } from '../cluster/facts.ts';
import { startInstance, stopInstance } from '../cluster/index.ts';
import { root } from '../cluster/instance.ts';
import { provideChromium } from './chromium.ts';
import { isMain, readOptions, runTool } from './cli.ts';
import { installJupyterLab, venvProgram } from './jupyterlab.ts';

/** Results of steps and of single tests, added up. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Step {
  title: string;
  /** Throws, with the output as message, when it fails. */
  run(): unknown;
}

/** Counts vitest's JSON report; a file that could not even be loaded is one failure. */
export function countTests(report: VitestReport): Counts {
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const of = (...states: string[]) =>
    results.filter(({ status }) => states.includes(status)).length;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
  ).length;
  return {
    passed: of('passed'),
    failed: of('failed') + broken,
    skipped: of('skipped', 'pending', 'todo', 'disabled'),
  };
}

/** The closing line, such as `120 passed, 0 failed, 1 skipped`. */
export function closingLine({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped ? `${line}, ${skipped} skipped` : line;
}

/** What vitest is told, so that it tells people, and writes a report for `countTests`. */
export function reporters(file: string): string[] {
  const names = ['default', 'json', './tools/skips.ts'];
  return [...names.map((name) => `--reporter=${name}`), `--outputFile.json=${file}`];
}

interface VitestReport {
  success: boolean;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

const reportFile = join(root, 'out', 'vitest.json');

async function test(pattern: string[]): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  const steps = [...preparation, ...(pattern.length ? [] : readings)];
  for (const step of steps) {
    const passed = await perform(step);
    counts[passed ? 'passed' : 'failed'] += 1;
  }
  const tests = await runVitest(pattern);
  counts.passed += tests.passed;
  counts.failed += tests.failed;
  counts.skipped += tests.skipped;
  return counts;
}

const preparation: Step[] = [
  { title: 'database', run: prepareDatabase },
  { title: 'JupyterLab and sqlfluff', run: () => installJupyterLab(say) },
  { title: 'browser', run: prepareBrowser },
];

const node = (...args: string[]) => runProgram(process.execPath, args);

const readings: Step[] = [
  {
    title: 'format and lint (Biome)',
    run: () => node('node_modules/@biomejs/biome/bin/biome', 'ci', '.'),
  },
  {
    title: 'types (tsc)',
    run: () => node('node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'),
  },
  { title: 'SQL (sqlfluff)', run: () => runProgram(venvProgram('sqlfluff'), ['lint', 'sql']) },
  {
    title: 'notebooks are those of their sources',
    run: () => node('tools/percent.ts', 'check', 'notebooks'),
  },
];

// On a server of the person's own only when it is named for tests.
async function prepareDatabase(): Promise<void> {
  const { TEST_DATABASE_URL: url } = process.env;
  if (!url) {
    const instance = await startInstance(instanceName, { report: say });
    say(`Its own database on ${instance.host}:${instance.port}`);
  }
  const subject = presentSubject();
  const facts = await subject.facts();
  if (facts) for (const text of factLines(facts)) say(text);
  const findings = await runChecks(databaseChecks, subject);
  const wrong = findings.filter(({ state }) => state === 'error');
  for (const { title, text } of findings.filter(({ state }) => state === 'warning')) {
    say(`${title}: ${text}`);
  }
  if (wrong.length) throw new Error(wrong.map(({ title, text }) => `${title}: ${text}`).join('\n'));
}

function prepareBrowser(): void {
  const reason = provideChromium(say);
  if (reason) say(`The tests in a browser are skipped: ${reason}`);
}

async function perform({ title, run }: Step): Promise<boolean> {
  const started = performance.now();
  try {
    await run();
    console.log(line('✓', 'green', title, started));
    return true;
  } catch (error) {
    console.log(line('✗', 'red', title, started));
    console.log(`${(error as Error).message.trimEnd()}\n`);
    return false;
  }
}

async function runVitest(pattern: string[]): Promise<Counts> {
  const started = performance.now();
  rmSync(reportFile, { force: true });
  mkdirSync(join(root, 'out'), { recursive: true });
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...reporters(reportFile), ...pattern];
  const problem = await runProgram(process.execPath, args, { isLive: true }).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const counts = readReport();
  if (problem && !counts.failed) {
    console.log(`vitest: ${problem}`);
    counts.failed += 1;
  }
  const [mark, colour] = counts.failed ? (['✗', 'red'] as const) : (['✓', 'green'] as const);
  console.log(line(mark, colour, `tests (vitest): ${closingLine(counts)}`, started));
  return counts;
}

function readReport(): Counts {
  try {
    return countTests(JSON.parse(readFileSync(reportFile, 'utf8')));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }; // it ended before it could report
  }
}

// Rejects with what the program printed.
function runProgram(program: string, args: string[], { isLive = false } = {}): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(program, args, {
    cwd: root,
    stdio: isLive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      told += data;
    });
  }
  child.once('error', reject);
  child.once('close', (code, signal) =>
    code === 0 ? resolve() : reject(new Error(told || `ended with ${signal ?? `code ${code}`}`)),
  );
  return promise;
}

function line(mark: string, colour: 'green' | 'red', title: string, started: number): string {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return `${styleText(colour, mark)} ${title} (${seconds} s)`;
}

function say(text: string): void {
  console.log(`  ${text}`);
}

const instanceName = 'test';

// Children and this program see the same database, and programs of the kit first.
function setEnvironment(): void {
  const { TEST_DATABASE_URL: url, PATH } = process.env;
  process.env.PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${PATH}`;
  process.env.WORKSHOP_INSTANCE = instanceName;
  if (url) process.env.DATABASE_URL = url;
  else delete process.env.DATABASE_URL;
  delete process.env.DATABASE_URL_FILE;
}

if (isMain(import.meta.url)) {
  await runTool(async (args) => {
    const usage = 'npm test [-- PATTERN …]';
    const { positionals: pattern } = readOptions(usage, { args, allowPositionals: true });
    setEnvironment();
    console.log(
      `Tests on ${process.platform} ${release()}, ${cpus().length} cores, ` +
        `${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`,
    );
    // Ctrl-C ends the running child; the steps after it fail fast, and the database is stopped
    process.on('SIGINT', () => {
      process.exitCode = 130;
    });
    try {
      const counts = await test(pattern);
      console.log(`\n${closingLine(counts)}`);
      if (counts.failed) process.exitCode ||= 1;
    } finally {
      if (!process.env.WORKSHOP_KEEP && !process.env.TEST_DATABASE_URL) {
        await stopInstance(instanceName);
      }
    }
  });
}
