/** One broken notebook per kind of failure: the runner must reject each, and say where and why. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RunOptions, runNotebook, startKernel } from '../../tools/run-notebook.ts';

const fixtures = join(import.meta.dirname, '../fixtures/notebooks');
const run = (name: string, options?: RunOptions) =>
  runNotebook(join(fixtures, `${name}.ts`), { timeoutMs: 10_000, ...options });

describe('a good notebook', () => {
  it('passes, with its outputs, checkpoints and counts', async () => {
    const counts: (number | null)[] = [];
    const { failure, results, checkpoints, notebook, seconds } = await run('good', {
      timeoutMs: 1000, // the tag of the last cell raises it
      onCell: (_, result) => counts.push(result.executionCount),
    });
    expect(failure?.message).toBeUndefined();
    expect(results.map(({ status }) => status)).toEqual(['ok', 'error', 'ok', 'ok', 'ok']);
    expect(counts).toEqual([1, 2, 3, 4, 5]);
    expect(checkpoints).toMatchObject([{ id: '00.1', ok: true }]);
    expect(seconds).toBeGreaterThan(1.5); // as long as the last cell waits
    const outputs = notebook.cells.map((cell) => JSON.stringify(cell.outputs ?? []));
    expect(outputs[1]).toContain('step 2'); // redrawn by a later cell
    expect(outputs.join()).toContain('late, but harmless');
    expect(outputs.join()).not.toContain('step 1');
  });
});

describe('a kernel that was started before', () => {
  it('runs the notebook, and is at its end afterwards', async () => {
    const started = startKernel(join(fixtures, 'exercise.ts'));
    const { pid } = await started;
    const { failure, results } = await run('exercise', { started });
    expect(failure?.message).toBeUndefined();
    expect(results.at(0)?.executionCount).toBe(1);
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
  });

  it('fails the notebook if it does not start', async () => {
    const started = startKernel(join(fixtures, 'exercise.ts'), { startTimeoutMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100)); // nobody waits for it yet
    const { failure } = await run('exercise', { started });
    expect(failure).toMatchObject({ kind: 'no-kernel', cell: 0 });
  });
});

describe('an exercise', () => {
  it('is neutral as given, and its solution is not there', async () => {
    const { failure, exercises, notebook } = await run('exercise');
    expect(failure?.message).toBeUndefined();
    expect(exercises).toEqual([{ id: '00.1', state: 'todo', say: 'the sum of one and one' }]);
    expect(notebook.cells[1].source).toBe(
      "let sum: number | undefined;\nawait exercise('00.1', () => check(sum));",
    );
    expect(JSON.stringify(notebook.cells[1].outputs)).toContain("reveal('00.1')");
  });

  it('is solved by its solution', async () => {
    const { failure, exercises, notebook } = await run('exercise', { solved: true });
    expect(failure?.message).toBeUndefined();
    expect(exercises).toEqual([{ id: '00.1', state: 'ok', say: 'two' }]);
    expect(notebook.cells[1].source).toContain('sum = 1 + 1; // no pattern: $1 $& $$\n');
  });

  it('is revealed in any cell, without an import', async () => {
    const { failure, notebook } = await run('by-hand', { timeoutMs: 60_000 }); // it loads the whole kit
    expect(failure?.message).toBeUndefined();
    const [, shown, , , refused] = notebook.cells.map(({ outputs }) => JSON.stringify(outputs));
    expect(shown).toContain('```typescript\\nvisits = `');
    expect(shown).toContain('unique nulls not distinct (country)');
    expect(refused).toContain('there are: 02.1, 02.2, 02.3.');
  });
});

describe('a broken notebook is rejected', () => {
  interface Expected {
    kind: string;
    cell: number;
    message: (string | RegExp)[];
  }
  const broken: [name: string, title: string, expected: Expected, options?: RunOptions][] = [
    [
      'throws',
      'when a cell throws',
      {
        kind: 'error',
        cell: 2,
        message: [
          'RangeError: there is no row 7',
          /→ +4 │ +if \(index >= rows\.length\) throw/,
          'at pick (cell 2, line 4)',
          'stderr of the cell:\nabout to fail',
        ],
      },
    ],
    [
      'type-error',
      'when the types of a cell are wrong',
      {
        kind: 'error',
        cell: 1,
        message: [
          "Type 'number' is not assignable to type 'string'",
          '→  2 │ const text: string = answer;',
        ],
      },
    ],
    [
      'hangs',
      'when a cell never ends',
      { kind: 'timeout', cell: 1, message: ['after 0.7 s', 'await new Promise'] },
      { timeoutMs: 700 },
    ],
    [
      'loops',
      'when a cell loops for ever',
      { kind: 'timeout', cell: 1, message: ['after 0.7 s', 'for (;;) {}'] },
      { timeoutMs: 700 },
    ],
    [
      'stray-rejection',
      'when a promise that nobody awaits is rejected',
      { kind: '(stray-)?error', cell: 0, message: ['nobody awaits this'] },
    ],
    [
      'late-throw',
      'when something throws after the last cell',
      {
        kind: 'stray-error',
        cell: 2,
        message: ['too late', /→ +2 │ +throw new Error\('too late'\)/],
      },
    ],
    [
      'exits',
      'when the kernel dies',
      { kind: 'dead-kernel', cell: 2, message: ['the kernel died (exit code 3)', 'last words'] },
    ],
    [
      'wrong-value',
      'when a checkpoint fails',
      {
        kind: 'checkpoint',
        cell: 2,
        message: ['checkpoint 06.1 (rollup equals raw) failed: expected "4", got "3"'],
      },
    ],
    [
      'missing-checkpoint',
      'when a checkpoint is missing',
      { kind: 'missing-checkpoint', cell: 2, message: ['if (count > 3) checkpoint('] },
    ],
    [
      'wrong-answer',
      'when an exercise as given is not neutral but wrong',
      {
        kind: 'exercise',
        cell: 2,
        message: ['exercise 00.1, as it stands, is "wrong": add them, do not join them'],
      },
    ],
    [
      'wrong-solution',
      'when the solution of an exercise does not solve it',
      {
        kind: 'exercise',
        cell: 2,
        message: ['exercise 00.1, solved, is "todo": the sum of one and one'],
      },
      { solved: true },
    ],
    [
      'missing-exercise',
      'when an exercise is never checked',
      { kind: 'missing-exercise', cell: 2, message: ['if (sum === 2) await exercise('] },
    ],
    [
      'no-exception',
      'when an announced error does not come',
      { kind: 'no-error', cell: 1, message: ['raises-exception', "console.log('all is well')"] },
    ],
    [
      'hanging-shutdown',
      'when the kernel does not end',
      { kind: 'hanging-kernel', cell: 1, message: ['after the last cell'] },
      { stopTimeoutMs: 1000 },
    ],
  ];

  it.for(broken)('%s: %s', async ([name, , { kind, cell, message }, options]) => {
    const { failure, notebook } = await run(name, options);
    expect(failure?.kind).toMatch(new RegExp(`^${kind}$`));
    if (cell) expect(failure).toMatchObject({ cell });
    expect(failure?.message).toMatch(
      new RegExp(`^${name}\\.ts, code cell ${failure?.cell} \\(id ${failure?.id}\\): `),
    );
    const [line] = failure?.source.split('\n') ?? [];
    for (const part of [line, ...message]) {
      expect(failure?.message).toMatch(typeof part === 'string' ? literal(part) : part);
    }
    expect(notebook.cells.map(({ id }) => id)).toContain('failed-cell');
    const at = notebook.cells.findIndex(({ id }) => id === failure?.id);
    expect(notebook.cells[at - 1].source).toContain('The next cell failed');
    expect(notebook.cells[0].source).toContain('#failed-cell');
  });

  it.for([
    ['never-starts', 'the kernel did not answer in 0.5 s', 'still thinking'],
    ['dies-at-start', 'the kernel died (exit code 9)', 'no memory left'],
  ])('when its kernel %s', async ([kernel, reason, printed]) => {
    const { failure, results } = await run('good', {
      kernel: join(fixtures, 'kernels', kernel),
      startTimeoutMs: kernel === 'never-starts' ? 500 : 10_000,
    });
    expect(failure).toMatchObject({ kind: 'no-kernel', cell: 0 });
    expect(failure?.message).toContain(`good.ts: ${reason}`);
    expect(failure?.message).toContain(printed);
    expect(results).toEqual([]);
  });
});

const literal = (text: string) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
