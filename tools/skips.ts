/** A reporter for vitest: every case that was left out, with its reason. */

import type { Reporter, TestModule } from 'vitest/node';

export default class Skips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap(skippedTests);
    if (lines.length) console.log(`Left out:\n${lines.map((line) => `  - ${line}\n`).join('')}`);
  }
}

function skippedTests({ children }: TestModule): string[] {
  return [...children.allTests('skipped')].map((test) => {
    const result = test.result();
    const reason = result.state === 'skipped' ? result.note : undefined;
    return `${test.fullName}: ${reason ?? 'no reason is given'}`;
  });
}
