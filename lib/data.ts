import { join, relative } from 'node:path';
import { DATA_FOLDER, type GeneratorOptions, generateEvents } from '../data/generator.ts';

/**
 * Makes CSV files of events, in a folder of their own below `data/`.
 *
 * @param options those of the generator; `name` names the folder @default 'chapter'
 * @returns their paths from the working folder, in the order in which the events arrive
 */
export async function makeFiles({
  name = 'chapter',
  ...options
}: GeneratorOptions & { name?: string } = {}): Promise<string[]> {
  const { files } = await generateEvents({ ...options, out: join(DATA_FOLDER, name) });
  return files.map((file) => relative(process.cwd(), file));
}

/**
 * The events that chapters work with when nobody has loaded others: a week of 400,000, up to now. One file, so one
 * transaction: whoever looks at the list of loads finds all of them, or none.
 */
export function standardFiles(): Promise<string[]> {
  return makeFiles({ name: 'standard', files: 1, rows: 400_000 });
}
