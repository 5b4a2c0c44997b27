/** Text cells as HTML: highlighted code, headings with anchors, pictures inside the page. */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import MarkdownIt from 'markdown-it';
import { type BundledLanguage, createHighlighter, type Highlighter } from 'shiki';
import { escapeHtml } from '../lib/html.ts';

export interface Heading {
  level: number;
  text: string;
  slug: string;
}

export interface Renderer {
  markdown: (text: string) => string;
  code: (text: string, language: string) => string;
  link: (href: string) => string;
  /** All that `markdown` has met so far. */
  headings: Heading[];
}

const THEMES = { light: 'github-light-high-contrast', dark: 'github-dark-default' } as const;
const LANGUAGES = ['typescript', 'sql', 'bash', 'json', 'yaml', 'csv'] as const;

export interface RendererOptions {
  /** Of the text: where its pictures are. */
  folder?: string;
  /** Where a link of the text leads in the page. */
  link?: (href: string) => string;
}

export async function createRenderer({
  folder = '.',
  link = pageOfNotebook,
}: RendererOptions = {}): Promise<Renderer> {
  highlighter ??= createHighlighter({ themes: Object.values(THEMES), langs: [...LANGUAGES] });
  const code = highlightWith(await highlighter);
  const headings: Heading[] = [];
  const markdownIt = new MarkdownIt({ html: true, linkify: true, highlight: code });
  addRules(markdownIt, folder, link, headings);
  return { code, link, headings, markdown: (text) => markdownIt.render(text) };
}

/** `02-schema.ipynb#there` as `02-schema.html#there`; another address stays. */
const pageOfNotebook = (href: string): string =>
  href.replace(/^(?!\w+:)(.*)\.ipynb(#.*)?$/, '$1.html$2');

let highlighter: Promise<Highlighter> | undefined;

function highlightWith(shiki: Highlighter): Renderer['code'] {
  const known = shiki.getLoadedLanguages();
  return (text, language) => {
    const lang = known.includes(language) ? (language as BundledLanguage) : 'text';
    const html = shiki.codeToHtml(text, {
      lang,
      themes: THEMES,
      defaultColor: 'light-dark()',
      transformers: [{ pre: ({ properties }) => void delete properties.style }], // page.css has them
    });
    return html.replaceAll(/;--shiki-[^"]*/g, ''); // every colour once more, for older browsers
  };
}

function addRules(
  markdownIt: InstanceType<typeof MarkdownIt>,
  folder: string,
  link: Renderer['link'],
  headings: Heading[],
): void {
  const { rules } = markdownIt.renderer;
  rules.heading_open = (tokens, index) => {
    const { tag } = tokens[index];
    const text = tokens[index + 1].children?.map((child) => child.content).join('') ?? '';
    const slug = uniqueSlug(text, headings);
    headings.push({ level: Number(tag.slice(1)), text, slug });
    return `<${tag} id="${slug}"><a class="anchor" href="#${slug}" aria-label="Link to this heading">#</a>`;
  };
  rules.table_open = () => '<div class="scroll"><table>';
  rules.table_close = () => '</table></div>';
  rules.image = (tokens, index) => {
    const source = String(tokens[index].attrGet('src') ?? '');
    const alt = escapeHtml(tokens[index].content);
    return `<img src="${escapeHtml(embed(source, folder))}" alt="${alt}">`;
  };
  rules.link_open = (tokens, index, options, _, self) => {
    tokens[index].attrSet('href', link(String(tokens[index].attrGet('href') ?? '')));
    return self.renderToken(tokens, index, options);
  };
}

/** The anchor of a heading, as GitHub makes it; a number tells it from earlier ones. */
export function uniqueSlug(text: string, headings: Heading[]): string {
  const slug = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-'); // each of them, as GitHub does it
  const taken = headings.filter((heading) => heading.slug.replace(/-\d+$/, '') === slug).length;
  return taken ? `${slug}-${taken}` : slug || 'section';
}

const TYPES: Record<string, string> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
};

function embed(source: string, folder: string): string {
  const file = join(folder, decodeURIComponent(source));
  const type = TYPES[extname(source).toLowerCase()];
  if (/^\w+:/.test(source) || !type || !existsSync(file)) return source;
  return `data:${type};base64,${readFileSync(file).toString('base64')}`;
}
