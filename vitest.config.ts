import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What everything else stands on comes first. */
const ORDER = [
  'kernel',
  'sql',
  'data',
  'lib',
  'crash',
  'cluster',
  'faults',
  'container',
  'tools',
  'bench',
  'notebooks',
  'slides',
  'site',
  'offline',
  'e2e',
];

class RoomByRoom extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted(
      (a, b) => room(a.moduleId) - room(b.moduleId) || a.moduleId.localeCompare(b.moduleId),
    );
  }
}

const room = (file: string) => ORDER.findIndex((name) => file.includes(`/test/${name}/`));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1, // the tests share one database
    testTimeout: 60_000,
    hookTimeout: 120_000,
    sequence: { sequencer: RoomByRoom },
  },
});
