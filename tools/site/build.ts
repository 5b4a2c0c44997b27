/** The site: a folder of pages that need no server and no network. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { escapeHtml } from '../../lib/html.ts';
import { exportHtml } from '../export-html.ts';
import { createRenderer } from '../export-markdown.ts';
import { type Frame, renderPage } from '../export-page.ts';
import { readNotebook } from '../notebook.ts';
import { takeDecks } from './decks.ts';
import { frame, pager } from './frame.ts';
import { home } from './home.ts';
import { DOCUMENTS, linksOf } from './links.ts';
import { readReadme } from './readme.ts';

export interface Folders {
  /** Of the project: its README names the chapters. */
  root: string;
  /** With the executed notebooks, and what they ran on (`notebooks.json`). */
  executed: string;
  /** With the slides, if there are any. */
  slides: string;
  /** Is emptied first. */
  out: string;
}

/** @returns the pages, in their order */
export async function buildSite({ root, executed, slides, out }: Folders): Promise<string[]> {
  const readme = readReadme(readFileSync(join(root, 'README.md'), 'utf8'));
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const decks = takeDecks(slides, out);
  const documents = DOCUMENTS.filter(({ file }) => existsSync(join(root, file)));
  const bar = [
    { href: 'index.html', text: readme.title },
    { href: 'index.html#chapters', text: 'Chapters' },
    ...documents
      .filter(({ page }) => page === 'guide.html')
      .map(({ page, title }) => ({ href: page, text: title })),
  ];
  const made = madeOn(executed);
  const pages: string[] = [];
  const write = (page: string, html: string) => {
    writeFileSync(join(out, page), html);
    pages.push(page);
  };

  const renderer = await createRenderer({
    folder: root,
    link: linksOf('README.md', { root, out }),
  });
  const links = documents.map(({ page, title }) => ({ href: page, text: title }));
  const content = home(readme, { renderer, decks, documents: links });
  const homeFrame = frame(bar, { here: 'index.html', made });
  write('index.html', renderPage({ title: readme.title, content, frame: homeFrame }));
  const names = decks.map(({ name }) => name);
  for (const chapter of readme.chapters) {
    const notebook = readNotebook(join(executed, `${chapter.name}.ipynb`));
    const file = `notebooks/${chapter.name}.ipynb`;
    const options = {
      folder: join(root, 'notebooks'),
      link: linksOf(file, { root, out }),
      frame: frame(bar, { pager: pager(readme.chapters, chapter, names), made }),
    };
    write(`${chapter.name}.html`, await exportHtml(notebook, options));
  }
  for (const { file, page } of documents) {
    write(page, await documentPage(file, { root, out }, frame(bar, { here: page, made })));
  }
  return pages;
}

async function documentPage(
  file: string,
  folders: { root: string; out: string },
  around: Frame,
): Promise<string> {
  const path = join(folders.root, file);
  const renderer = await createRenderer({ folder: dirname(path), link: linksOf(file, folders) });
  const content = `<section class="prose">\n${renderer.markdown(readFileSync(path, 'utf8'))}</section>`;
  const { headings } = renderer;
  const title = headings.find(({ level }) => level === 1)?.text ?? basename(file, '.md');
  return renderPage({ title, content, headings, frame: around });
}

// The notebooks say it of themselves; a reader asks before believing the figures.
function madeOn(executed: string): string {
  const file = join(executed, 'notebooks.json');
  if (!existsSync(file)) return '';
  const { server } = JSON.parse(readFileSync(file, 'utf8'));
  return server ? `The notebooks ran on ${escapeHtml(server)}.` : '';
}
