/** The front page: what it is, how to start, the chapters, the slides. */

import { escapeHtml } from '../../lib/html.ts';
import type { Renderer } from '../export-markdown.ts';
import type { Deck } from './decks.ts';
import { link, type SiteLink } from './frame.ts';
import type { Chapter, Readme } from './readme.ts';

export function home(
  { title, lead, section, chapters }: Readme,
  { renderer, decks, documents }: { renderer: Renderer; decks: Deck[]; documents: SiteLink[] },
): string {
  const minutes = chapters.reduce((sum, chapter) => sum + chapter.minutes, 0);
  const others = decks.filter(({ name }) => !chapters.some((chapter) => chapter.name === name));
  return `<div class="prose lead">
${renderer.markdown(`# ${title}\n${lead}`)}</div>
<section class="prose" aria-labelledby="start">
${renderer.markdown(`## Start\n\n${section('Start')}`)}</section>
<section aria-labelledby="chapters">
<h2 id="chapters">Chapters</h2>
<p>${chapters.length} notebooks, ${minutes} minutes of reading and running. Here they are as they ran, with their results.</p>
<ol class="chapters">
${chapters.map((chapter) => card(chapter, decks)).join('\n')}
</ol>
</section>
${others.length ? slides(others) : ''}
<section aria-labelledby="more">
<h2 id="more">More</h2>
<ul>${documents.map(({ href, text }) => `<li>${link(href, text)}</li>`).join('')}</ul>
</section>`;
}

function card({ id, name, title, minutes, sees }: Chapter, decks: Deck[]): string {
  const deck = decks.find((candidate) => candidate.name === name);
  return (
    `<li><span class="number" aria-hidden="true">${id}</span><div><h3>${link(`${name}.html`, title)}</h3>` +
    `<p>You see ${escapeHtml(sees)}.</p>` +
    `<p class="facts">${minutes} minutes${deck ? ` · ${deckLinks(deck, `Slides of chapter ${id}`)}` : ''}</p></div></li>`
  );
}

const slides = (decks: Deck[]) => `<section aria-labelledby="slides">
<h2 id="slides">Slides around the chapters</h2>
<ul>${decks.map((deck) => `<li>${deckLinks(deck, deck.title)}</li>`).join('')}</ul>
</section>`;

const deckLinks = ({ html, pdf, title }: Deck, text: string) =>
  link(html, text) +
  (pdf ? ` · <a href="${pdf}" aria-label="${escapeHtml(title)}, PDF">PDF</a>` : '');
