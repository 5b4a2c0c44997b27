/**
 * `npm run bench [-- NAME … --quick --yes --out FILE]`: measures ours and the alternative side by side, in turn.
 * Prints a table and writes out/bench.json. `--quick` is a smoke test: its figures mean nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../cluster/instance.ts';
import type { Case } from './bench/bench.ts';
import { withBench } from './bench/database.ts';
import { cases } from './bench/index.ts';
import type { Measurement } from './bench/measure.ts';
import { formatTable } from './bench/table.ts';
import { isMain, readOptions, runTool } from './cli.ts';

/**
 * The cases with these names; without names, all that do not take long.
 *
 * @throws when there is no case with a name
 */
export function chooseCases(names: string[]): Case[] {
  if (!names.length) return cases.filter(({ onDemand }) => !onDemand);
  const unknown = names.filter((name) => !cases.some((one) => one.name === name));
  if (unknown.length) {
    const known = cases.map(({ name }) => name).join(', ');
    throw new Error(`There is no case ${unknown.join(', ')}; there are ${known}.`);
  }
  return cases.filter(({ name }) => names.includes(name));
}

async function main(args: string[]): Promise<void> {
  const { positionals, values } = readArguments(args);
  const chosen = chooseCases(positionals);
  const measurements: Measurement[] = [];
  const report = (line: string) => console.log(`  ${line}`);
  await withBench({ quick: values.quick, agreed: values.yes, report }, async (bench) => {
    for (const { name, title, run } of chosen) {
      console.log(`${name}: ${title}`);
      measurements.push(...(await run(bench)));
    }
  });
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, `${JSON.stringify(measurements, null, 2)}\n`);
  const [{ engine }] = measurements.length ? measurements : [{ engine: 'nothing was measured' }];
  console.log(`\n${engine}; medians; a ratio above 1 is in our favour\n`);
  console.log(formatTable(measurements));
  if (values.quick) console.log('\nThis was quick: the figures mean nothing.');
  const left = cases.filter((one) => one.onDemand && !chosen.includes(one));
  for (const { name } of left) console.log(`\nLeft out, takes long: npm run bench -- ${name}`);
}

function readArguments(args: string[]) {
  const names = cases.map(({ name }) => name).join(' ');
  return readOptions(`npm run bench [-- ${names} --quick --yes --out FILE]`, {
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      out: { type: 'string', default: join(root, 'out', 'bench.json') },
    },
  });
}

if (isMain(import.meta.url)) await runTool(main);
