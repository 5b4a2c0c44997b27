/** The page that lists all decks. */
import { CHAPTERS } from '../../lib/chapters.ts';
import { escapeHtml } from '../../lib/html.ts';
import type { Deck } from './decks.ts';

/** @param exists whether a file is in the folder of the page */
export function indexPage(decks: Deck[], exists: (file: string) => boolean): string {
  const items = decks
    .filter(({ name }) => exists(`${name}.html`))
    .map((deck) => item(deck, exists));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Slides: real-time analytics for your customers</title>
<style>
:root { color-scheme: light dark; }
body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.6 system-ui, sans-serif; }
li { margin: 0.4rem 0; }
small { opacity: 0.7; }
a { color: light-dark(#0072b2, #56b4e9); }
</style>
</head>
<body>
<h1>Slides</h1>
<p>Real-time analytics for your customers. In a deck: arrow keys move, <kbd>f</kbd> fills the screen,
<kbd>p</kbd> opens the presenter's view with notes and a clock.</p>
<ul>
${items.join('\n')}
</ul>
</body>
</html>
`;
}

function item({ id, name, title }: Deck, exists: (file: string) => boolean): string {
  const minutes = CHAPTERS.find((chapter) => chapter.id === id)?.minutes;
  const label = escapeHtml([id, title].filter(Boolean).join(' · '));
  const pdf = exists(`${name}.pdf`) ? ` · <a href="${name}.pdf">PDF with notes</a>` : '';
  const time = minutes ? ` <small>${minutes} minutes</small>` : '';
  return `<li><a href="${name}.html">${label}</a>${time}${pdf}</li>`;
}
