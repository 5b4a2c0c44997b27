import { isDeepStrictEqual } from 'node:util';
import { display, escapeHtml } from './display.ts';
import { format } from './table.ts';

/** What a checkpoint found; also the content of its machine-readable output. */
export interface Checkpoint {
  id: string;
  title: string;
  ok: boolean;
  expected: string;
  actual: string;
}

/** MIME type under which a checkpoint tells the headless runner what it found. */
export const CHECKPOINT_MIME = 'application/vnd.workshop.checkpoint+json';

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

/** Closes a notebook: its checkpoints at a glance, what was learned and where to go on. */
export function summary({ learned, next }: { learned: string[]; next?: string }): void {
  const all = [...results.values()];
  const passed = all.filter((result) => result.ok).length;
  const dots = all.map((result) => (result.ok ? '●' : '○')).join(' ');
  const list = learned.map((line) => `- ${line}`).join('\n');
  const links = next && `**Next:** [${next}](${next}.ipynb)`;
  const text = [`**${passed} of ${all.length} checkpoints passed** ${dots}`, list, links];
  display({
    'text/markdown': text.filter(Boolean).join('\n\n'),
    'text/plain': `${passed} of ${all.length} checkpoints passed`,
  });
}

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
