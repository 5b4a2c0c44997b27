/** `npm run data`: makes CSV files of events. */
import { readdirSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DATA_FOLDER, type GeneratorOptions, generateEvents } from '../data/generator.ts';
import { progressBar } from '../lib/progress.ts';

const HELP = `npm run data -- [options]: makes CSV files of events

  --files 10        how many files: events-001.csv, events-002.csv, …
  --rows 200000     how many events in each file
  --seed 1          the same seed and the same --until give the same bytes
  --until TIME      where the events end, such as 2026-01-31T12:00:00Z (the current minute)
  --days 7          how many days before that they begin
  --customers 1000  how many customers; number 1 has the most events
  --devices 10000   how many devices
  --late 0.02       share of the events that arrive minutes to hours late
  --uniform         as the tutorial's files: six columns, no time, all values equally likely
  --out FOLDER      where the files go (data/)
`;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  const options = readArguments();
  if (options) await makeFiles(options);
} catch (error) {
  const stopped = stop.signal.aborted;
  console.error(
    stopped ? '\nStopped. Files that were complete are kept.' : explain(error as Error),
  );
  process.exitCode = stopped ? 130 : 1;
}

function explain({ code, message }: Error & { code?: string }): string {
  const isUnknown = code?.startsWith('ERR_PARSE_ARGS');
  return isUnknown ? `${message}. \`npm run data -- --help\` lists the options.` : message;
}

function readArguments(): GeneratorOptions | undefined {
  const { values } = parseArgs({
    options: {
      files: { type: 'string' },
      rows: { type: 'string' },
      seed: { type: 'string' },
      until: { type: 'string' },
      days: { type: 'string' },
      customers: { type: 'string' },
      devices: { type: 'string' },
      late: { type: 'string' },
      uniform: { type: 'boolean' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  return {
    files: numberOf('files', values.files),
    rows: numberOf('rows', values.rows),
    seed: numberOf('seed', values.seed),
    until: values.until,
    days: numberOf('days', values.days),
    customers: numberOf('customers', values.customers),
    devices: numberOf('devices', values.devices),
    lateShare: numberOf('late', values.late),
    uniform: values.uniform,
    out: values.out,
  };
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return;
  const value = Number(text.replaceAll('_', ''));
  if (text.trim() && Number.isFinite(value)) return value;
  throw new Error(`Expected \`${name}\` to be a number, got \`${text}\`.`);
}

async function makeFiles(options: GeneratorOptions): Promise<void> {
  const folder = resolve(options.out ?? DATA_FOLDER);
  const { files } = await generateEvents({
    ...options,
    out: folder,
    signal: stop.signal,
    onProgress: progressBar('Making events'),
  });
  for (const file of files) console.log(relative('', file) || file);
  const others = otherFiles(folder, files);
  if (others.length) {
    console.log(
      `Note: ${others.length} more in this folder from earlier runs: ${others.slice(0, 3).join(', ')}${others.length > 3 ? ', …' : ''}`,
    );
  }
}

function otherFiles(folder: string, files: string[]): string[] {
  return readdirSync(folder).filter(
    (name) => /^events-\d+\.csv$/.test(name) && !files.includes(resolve(folder, name)),
  );
}
