import { display } from './display.ts';
import { escapeHtml } from './html.ts';
import { EXERCISE_MIME, type ExerciseResult } from './mime.ts';
import { notePassed } from './passed.ts';

/** What a check says about an answer. */
export type Verdict = Omit<ExerciseResult, 'id'>;

/** The exercise as given. @param say what is still to do */
export const todo = (say: string): Verdict => ({ state: 'todo', say });

/** @param say a hint that fits the mistake */
export const wrong = (say: string): Verdict => ({ state: 'wrong', say });

/** @param say what the answer shows */
export const ok = (say: string): Verdict => ({ state: 'ok', say });

/**
 * Judges an answer and says so below the cell. Nothing is thrown: an error of the check, such as the server's word
 * about a wrong statement, is a wrong answer.
 *
 * @param id chapter and number, such as `05.2`
 * @param check compares values and behaviour, never the text of the answer
 */
export async function assess(id: string, check: () => Verdict | Promise<Verdict>): Promise<void> {
  const result = { id, ...(await verdictOf(check)) };
  results.set(id, result);
  if (result.state === 'ok') notePassed('exercises', id);
  show(result);
}

/** The latest verdict of each exercise that this notebook has run. */
export const exerciseResults = (): ExerciseResult[] => [...results.values()];

const results = new Map<string, ExerciseResult>();

async function verdictOf(check: () => Verdict | Promise<Verdict>): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    return wrong((error as Error).message);
  }
}

const looks = {
  todo: { mark: '○', colour: '#0072b2', word: 'still to do' },
  wrong: { mark: '✗', colour: '#c2410c', word: 'not yet' },
  ok: { mark: '✓', colour: '#1a7f5a', word: 'solved' },
} as const;

function show(result: ExerciseResult): void {
  const { id, state, say } = result;
  const { mark, colour, word } = looks[state];
  const help =
    state === 'ok'
      ? ''
      : `<br><small>A solution: <code>reveal('${id}')</code> in a new cell</small>`;
  display({
    [EXERCISE_MIME]: result,
    'text/html':
      `<div style="border-left:4px solid ${colour};padding:.3em .8em;margin:.2em 0">` +
      `<strong style="color:${colour}">${mark} Exercise ${id}, ${word}:</strong> ` +
      `<span style="white-space:pre-line">${escapeHtml(say)}</span>${help}</div>`,
    'text/plain': `Exercise ${id}, ${word}: ${say}`,
  });
}
