/** What an attendee types by hand, in any new cell and without an import. */

import { reveal as revealSolution } from './exercise-source.ts';
import { resetTo as resetDatabase } from './ready.ts';

declare global {
  /** Shows the solution of an exercise, such as `reveal('05.2')`. */
  function reveal(id: string): void;
  /** Puts the database at the start of a chapter, such as `await resetTo('05')`. */
  function resetTo(chapter?: string): Promise<void>;
}

globalThis.reveal = revealSolution;
globalThis.resetTo = (chapter) => resetDatabase(chapter);
