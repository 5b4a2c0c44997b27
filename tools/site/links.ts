/** Where the links of a text lead when it is a page of the site. */
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';

/** Texts that are pages, by their place in the project. */
export const DOCUMENTS = [
  { file: 'README.md', page: 'readme.html', title: 'Read me' },
  { file: 'slides/INSTRUCTOR.md', page: 'guide.html', title: 'Instructor’s guide' },
  { file: 'CONTRIBUTING.md', page: 'contributing.html', title: 'Contributing' },
  { file: 'CHANGELOG.md', page: 'changelog.html', title: 'Changes' },
] as const;

/**
 * A function that turns the links of a file into those of its page. Notebooks, decks and documents are pages;
 * any other file of the project is put beside them.
 *
 * @param file - that has the links, from the project's folder, such as `slides/INSTRUCTOR.md`
 */
export function linksOf(
  file: string,
  { root, out }: { root: string; out: string },
): (href: string) => string {
  return (href) => {
    if (/^(\w+:|#|$)/.test(href)) return href;
    const [, path = '', hash = ''] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
    const target = posix.join(posix.dirname(file), decodeURI(path));
    const page = pageOf(target, out);
    if (page) return `${page}${hash}`;
    if (!isFile(join(root, target))) return href;
    return `${carry(target, root, out)}${hash}`;
  };
}

function pageOf(target: string, out: string): string | undefined {
  const document = DOCUMENTS.find(({ file }) => file === target);
  const name = /^notebooks\/(\d\d-[^/]+)\.(?:ipynb|ts)$/.exec(target)?.[1];
  const deck = target.replace(/\.md$/, '.html');
  const hasDeck = target.startsWith('slides/') && existsSync(join(out, deck));
  return document?.page ?? (name && `${name}.html`) ?? (hasDeck ? deck : undefined);
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

// Source code as text: a browser takes a .ts for a film.
function carry(target: string, root: string, out: string): string {
  const shown = ['.svg', '.png', '.jpg', '.pdf', '.html', '.csv', '.txt'];
  const place = `files/${target}${shown.includes(extname(target)) ? '' : '.txt'}`;
  mkdirSync(dirname(join(out, place)), { recursive: true });
  copyFileSync(join(root, target), join(out, place));
  return encodeURI(place);
}
