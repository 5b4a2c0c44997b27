/** Which decks there are, in the order of the workshop. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { CHAPTERS } from '../../lib/chapters.ts';

/** A deck of slides. */
export interface Deck {
  /** Name of its files: `slides/<name>.md`. */
  name: string;
  title: string;
  /** Of the chapter with the same number; the opening and the closing deck have none. */
  id?: string;
}

/** Opening, chapters, closing: those that have a file in `slides/`. */
export function listDecks(): Deck[] {
  const there = readdirSync(join(root, 'slides'));
  const all: Deck[] = [
    { name: 'opening', title: 'Opening' },
    ...CHAPTERS.map(({ id, name, title }) => ({ id, name, title })),
    { name: 'closing', title: 'Closing' },
  ];
  return all.filter(({ name }) => there.includes(`${name}.md`));
}

/**
 * The decks with these numbers or names; all without any.
 *
 * @throws when there is none of that name
 */
export function chooseDecks(wanted: string[]): Deck[] {
  const decks = listDecks();
  if (!wanted.length) return decks;
  const isWanted = ({ id, name }: Deck, word: string) =>
    name === word || id === word.padStart(2, '0');
  const unknown = wanted.filter((word) => !decks.some((deck) => isWanted(deck, word)));
  if (unknown.length) {
    const known = decks.map(({ id, name }) => id ?? name).join(' ');
    throw new Error(`There is no deck ${unknown.join(', ')}; there are: ${known}`);
  }
  return decks.filter((deck) => wanted.some((word) => isWanted(deck, word)));
}
