import { CHAPTERS, type Chapter } from './chapters.ts';
import { display, type MimeBundle } from './display.ts';
import { EXERCISES } from './exercises/index.ts';
import { escapeHtml } from './html.ts';
import { type Passed, readPassed } from './passed.ts';

/**
 * The bar at the top of a notebook: where am I, how long is it, what have I passed.
 *
 * @param details what else is worth a word, such as the server
 */
export function bar(here: Chapter, details: string[], passed: Passed = readPassed()): MimeBundle {
  const after = CHAPTERS.filter(({ id }) => id > here.id).reduce(
    (sum, { minutes }) => sum + minutes,
    0,
  );
  const line = [
    `Chapter ${here.id} of ${CHAPTERS.at(-1)?.id}`,
    `${here.minutes} minutes${after ? `, ${after} more after it` : ''}`,
    progressOf(here.id, passed),
    ...details,
  ]
    .filter(Boolean)
    .join(' · ');
  const steps = CHAPTERS.map((chapter) => step(chapter, here, passed)).join('');
  return {
    'text/html':
      `<div style="display:flex;gap:2px;max-width:720px">${steps}</div><small>${escapeHtml(line)}<br>` +
      `Came late? <code>await resetTo('${here.id}')</code> in a new cell puts the database at the start of this ` +
      'chapter.</small>',
    'text/plain': `${here.title}. ${line}`,
  };
}

/** Links to the notebooks before and after, as Markdown: both JupyterLab and VS Code follow them. */
export function showNeighbours(here: Chapter): void {
  const at = CHAPTERS.indexOf(here);
  const [before, after] = [CHAPTERS[at - 1], CHAPTERS[at + 1]];
  const links = [before && `← ${link(before)}`, after && `${link(after)} →`].filter(Boolean);
  display({
    'text/markdown': links.join(' &nbsp;·&nbsp; '),
    'text/plain': [before?.name, after?.name].filter(Boolean).join(' · '),
  });
}

/** What was passed in a chapter, such as `4 checkpoints passed, 1 of 2 exercises solved`; empty when nothing was. */
function progressOf(id: string, passed: Passed): string {
  const inChapter = (ids: readonly string[]) =>
    ids.filter((other) => other.startsWith(`${id}.`)).length;
  const checkpoints = inChapter(passed.checkpoints);
  const [solved, exercises] = [inChapter(passed.exercises), inChapter(EXERCISES)];
  if (!checkpoints && !solved) return '';
  const first = `${checkpoints} ${checkpoints === 1 ? 'checkpoint' : 'checkpoints'} passed`;
  return exercises ? `${first}, ${solved} of ${exercises} exercises solved` : first;
}

/** For `npm run doctor`: a line for each chapter in which something was passed. */
export function progressLines(passed: Passed = readPassed()): string[] {
  return CHAPTERS.flatMap(({ id, title }) => {
    const progress = progressOf(id, passed);
    return progress
      ? [`${passed.chapters.includes(id) ? '●' : '○'} ${id} ${title}: ${progress}`]
      : [];
  });
}

// as wide as it is long; blue is here, green is done
function step(chapter: Chapter, here: Chapter, passed: Passed): string {
  const { id, title, minutes } = chapter;
  const done = passed.chapters.includes(id);
  const [background, colour] =
    chapter === here ? ['#0072b2', '#fff'] : done ? ['#bfe3d5', '#0b4f38'] : ['#e3e6e8', '#3d4449'];
  const progress = progressOf(id, passed);
  const tip = `${id} ${title}, ${minutes} minutes${progress && `: ${progress}`}`;
  return (
    `<span title="${escapeHtml(tip)}" style="flex:${minutes};background:${background};color:${colour};` +
    `text-align:center;font-size:12px;line-height:20px;border-radius:3px">${done ? '✓' : ''}${id}</span>`
  );
}

const link = ({ id, name, title }: Chapter) => `[${id} ${title}](${name}.ipynb)`;
