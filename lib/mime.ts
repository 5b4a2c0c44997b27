/** What a cell tells the headless runner, beside what it shows to people: the types of such outputs, and their content. */

export const CHECKPOINT_MIME = 'application/vnd.workshop.checkpoint+json';

/** What a checkpoint found. */
export interface Checkpoint {
  id: string;
  title: string;
  ok: boolean;
  expected: string;
  actual: string;
}

export const EXERCISE_MIME = 'application/vnd.workshop.exercise+json';

/** What a check says about the answer of an exercise; `todo` is the exercise as given, which is no mistake. */
export interface ExerciseResult {
  id: string;
  state: 'todo' | 'ok' | 'wrong';
  say: string;
}
