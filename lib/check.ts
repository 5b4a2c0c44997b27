import { isDeepStrictEqual } from 'node:util';
import { display } from './display.ts';
import { exerciseResults } from './exercise.ts';
import { escapeHtml } from './html.ts';
import { CHECKPOINT_MIME, type Checkpoint } from './mime.ts';
import { notePassed } from './passed.ts';
import { format } from './table.ts';

/**
 * Compares a value with what the chapter promises and says so below the cell. A wrong value does not throw,
 * so that the learner can read on; the headless runner counts it as a failure.
 *
 * @param id chapter and number, such as `06.1`
 * @param title the promise, as a sentence
 * @param actual the value found
 * @param expected the value promised, or a test of it such as `atLeast(5)`
 * @param hint what to try when it is not so
 */
export function checkpoint<Value>(
  id: string,
  title: string,
  actual: Value,
  expected: Value | Expectation<Value>,
  hint = 'Run the cells above once more, in order; `npm run doctor` checks the rest.',
): void {
  const wanted = isExpectation(expected) ? expected : equal(expected);
  const result = {
    id,
    title,
    ok: wanted.test(actual),
    expected: wanted.text,
    actual: describe(actual),
  };
  results.set(id, result);
  if (result.ok) notePassed('checkpoints', id);
  show(result, hint);
}

/** What `checkpoint` expects where equality is too much to ask. */
export interface Expectation<Value> {
  text: string;
  test: (value: Value) => boolean;
}

/** Expects a number of at least `minimum`. */
export const atLeast = (minimum: number): Expectation<number> => ({
  text: `at least ${format(minimum)}`,
  test: (value) => value >= minimum,
});

/** Expects a number from `low` to `high`. */
export const between = (low: number, high: number): Expectation<number> => ({
  text: `between ${format(low)} and ${format(high)}`,
  test: (value) => value >= low && value <= high,
});

/** Expects a text that `pattern` matches. */
export const matching = (pattern: RegExp): Expectation<string> => ({
  text: `something like ${pattern}`,
  test: (value) => pattern.test(value),
});

/** Closes a notebook: its checkpoints and exercises at a glance, what was learned and where to go on. */
export function summary({ learned, next }: { learned: string[]; next?: string }): void {
  const checkpoints = [...results.values()];
  const exercises = exerciseResults();
  const open = exercises.filter(({ state }) => state !== 'ok').map(({ id }) => id);
  const chapter = checkpoints[0]?.id.slice(0, 2);
  if (chapter && checkpoints.every(({ ok }) => ok)) notePassed('chapters', chapter);
  const lines = [
    tally(
      'checkpoints passed',
      checkpoints.map(({ ok }) => ok),
    ),
    exercises.length &&
      tally(
        'exercises solved',
        exercises.map(({ state }) => state === 'ok'),
      ),
  ].filter(Boolean);
  const text = [
    lines.map((line) => `**${line}**`).join('<br>'),
    open.length &&
      `Still to do: exercise ${open.join(', ')}. There is no hurry: the next chapter does not need them.`,
    learned.map((line) => `- ${line}`).join('\n'),
    next && `**Next:** [${next}](${next}.ipynb)`,
  ];
  display({
    'text/markdown': text.filter(Boolean).join('\n\n'),
    'text/plain': lines.join('\n'),
  });
}

// such as `1 of 2 exercises solved ●○`
const tally = (what: string, done: boolean[]) =>
  `${done.filter(Boolean).length} of ${done.length} ${what} ${done.map((yes) => (yes ? '●' : '○')).join(' ')}`;

const results = new Map<string, Checkpoint>();

const isExpectation = <Value>(value: unknown): value is Expectation<Value> =>
  typeof (value as Expectation<Value> | null)?.test === 'function';

const equal = <Value>(expected: Value): Expectation<Value> => ({
  text: describe(expected),
  test: (value) => isDeepStrictEqual(value, expected),
});

const describe = (value: unknown) => (typeof value === 'string' ? value : format(value));

function show(result: Checkpoint, hint: string): void {
  const { id, title, ok, expected, actual } = result;
  const found = ok
    ? `<code>${escapeHtml(actual)}</code>`
    : `expected <code>${escapeHtml(expected)}</code>, found <code>${escapeHtml(actual)}</code><br>` +
      `<strong>Try this:</strong> ${escapeHtml(hint)}`;
  const colour = ok ? '#1a7f5a' : '#c2410c';
  display({
    [CHECKPOINT_MIME]: result,
    'text/html':
      `<div style="border-left:4px solid ${colour};padding:.3em .8em;margin:.2em 0">` +
      `<strong style="color:${colour}">${ok ? '✓' : '✗'} ${id}</strong> ${escapeHtml(title)}: ${found}</div>`,
    'text/plain': `${ok ? 'ok' : 'NOT YET'} ${id} ${title}: ${actual}${ok ? '' : ` (expected ${expected}). ${hint}`}`,
  });
}
