/** What every program behind `npm run` does in the same way. */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Whether the file with this `import.meta.url` is the program that was started. */
export const isMain = (url: string): boolean =>
  Boolean(process.argv[1]) && url === pathToFileURL(realpathSync(process.argv[1])).href;

/** Thrown by `--help`: its message is the usage. */
class HelpWanted extends Error {}

/** Runs a program. An error that a person can cause is shown without a stack, and the exit code is 1. */
export async function runTool(main: (args: string[]) => unknown): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (error instanceof HelpWanted) return console.log(error.message);
    console.error(process.env.DEBUG ? error : error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/**
 * Reads the arguments of a program. Everyone knows `--help`, which ends it with the usage.
 *
 * @param usage such as `npm run site [-- --reuse --out FOLDER]`
 * @throws one sentence about the argument that is wrong, and the usage
 */
export function readOptions<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  if (config.args?.some((arg) => arg === '--help' || arg === '-h'))
    throw new HelpWanted(`Usage: ${usage}`);
  try {
    return parseArgs(config);
  } catch (cause) {
    const [sentence] = (cause as Error).message.split('. ');
    throw new Error(`${sentence}. Usage: ${usage}`, { cause });
  }
}
