/** What every program behind `npm run` does in the same way. */
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Whether the file with this `import.meta.url` is the program that was started. */
export const isMain = (url: string): boolean =>
  Boolean(process.argv[1]) && url === pathToFileURL(realpathSync(process.argv[1])).href;

/** Runs a program. An error that a person can cause is shown without a stack, and the exit code is 1. */
export async function runTool(main: (args: string[]) => unknown): Promise<void> {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(process.env.DEBUG ? error : error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
