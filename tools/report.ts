/** How the commands talk: a line at a time, and an error as one message without a stack. */

/** Prints a line. */
export function say(line: string): void {
  console.log(line);
}

/** Runs a command's work; what a person can cause ends with its message and exit code 1. */
export async function main(work: () => Promise<unknown>): Promise<void> {
  try {
    const code = await work();
    process.exitCode = typeof code === 'number' ? code : 0;
  } catch (error) {
    const expected = error instanceof Error && !(error instanceof TypeError);
    console.error(
      `\n${expected && !process.env.WORKSHOP_DEBUG ? error.message : ((error as Error)?.stack ?? error)}`,
    );
    process.exitCode = 1;
  }
}
