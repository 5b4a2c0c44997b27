/** What stands around every page of the site: the way to the others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from '../../lib/html.ts';
import type { Frame } from '../export-page.ts';
import type { Chapter } from './readme.ts';

export interface SiteLink {
  href: string;
  text: string;
}

/**
 * @param links - in the bar at the top
 * @param options.here - address of the page, marked in the bar
 * @param options.pager - at the end of the page
 */
export function frame(
  links: SiteLink[],
  { here = '', pager = '', made = '' }: { here?: string; pager?: string; made?: string } = {},
): Frame {
  return {
    style: readFileSync(join(import.meta.dirname, 'site.css'), 'utf8'),
    header:
      '<a class="skip" href="#main">Skip to the text</a>\n' +
      `<header class="bar"><nav aria-label="Site">${links.map((link) => anchor(link, here)).join('')}</nav></header>`,
    footer: `${pager}\n<footer class="foot"><p>${made}</p></footer>`,
  };
}

/** The chapter before, the slides of this one, the chapter after. */
export function pager(chapters: Chapter[], { name, id }: Chapter, decks: string[]): string {
  const at = chapters.findIndex((chapter) => chapter.name === name);
  const [before, after] = [chapters[at - 1], chapters[at + 1]];
  const deck = decks.includes(name) ? link(`slides/${name}.html`, `Slides of chapter ${id}`) : '';
  const parts = [
    before && step('prev', before, '← Before'),
    deck && `<p class="deck">${deck}</p>`,
    after && step('next', after, 'Next →'),
  ];
  return `<nav class="pager" aria-label="Chapters">${parts.filter(Boolean).join('')}</nav>`;
}

export const link = (href: string, text: string) => `<a href="${href}">${escapeHtml(text)}</a>`;

const anchor = ({ href, text }: SiteLink, here: string) =>
  href === here
    ? `<a href="${href}" aria-current="page">${escapeHtml(text)}</a>`
    : link(href, text);

const step = (rel: 'prev' | 'next', { id, name, title }: Chapter, word: string) =>
  `<a rel="${rel}" class="${rel}" href="${name}.html"><small>${word}</small>` +
  `<span>${id} ${escapeHtml(title)}</span></a>`;
