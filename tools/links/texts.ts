/** The texts of the project that people read, with their links and headings. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import MarkdownIt from 'markdown-it';
import { type Heading, uniqueSlug } from '../export-markdown.ts';

export interface Text {
  /** From the project's folder. */
  file: string;
  links: Link[];
  /** What may stand behind a # in a link to it. */
  anchors: string[];
}

export interface Link {
  href: string;
  line: number;
}

/** Markdown files, and the text cells of the notebooks. */
export function readTexts(root: string): Text[] {
  const files = globSync(['*.md', '{docs,data,slides}/**/*.md', 'notebooks/[0-9]*.ts'], {
    cwd: root,
  });
  return files.sort().map((file) => readText(file, readFileSync(join(root, file), 'utf8')));
}

export function readText(file: string, content: string): Text {
  const text = file.endsWith('.ts') ? onlyText(content) : content;
  const links: Link[] = [];
  const headings: Heading[] = [];
  const tokens = new MarkdownIt({ html: true, linkify: true }).parse(text, {});
  for (const [index, { type, tag, map, content: source, children }] of tokens.entries()) {
    const line = (map?.[0] ?? 0) + 1;
    if (type === 'heading_open') {
      const title = tokens[index + 1]?.children?.map((child) => child.content).join('') ?? '';
      headings.push({
        level: Number(tag.slice(1)),
        text: title,
        slug: uniqueSlug(title, headings),
      });
    }
    const inHtml = type === 'html_block' ? [source] : [];
    for (const child of children ?? []) {
      const href = child.attrGet('href') ?? child.attrGet('src');
      if (href) links.push({ href: String(href), line });
      if (child.type === 'html_inline') inHtml.push(child.content);
    }
    for (const [, href = ''] of inHtml.join('').matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      links.push({ href, line });
    }
  }
  return { file, links, anchors: headings.map(({ slug }) => slug) };
}

// The text cells of a percent script; every other line is empty, so that the lines keep their numbers.
function onlyText(script: string): string {
  let isText = false;
  const lines = script.split('\n').map((line) => {
    if (line.startsWith('// %%')) isText = /\[(markdown|md)\]/.test(line);
    else if (isText) return line.replace(/^\/\/ ?/, '');
    return '';
  });
  return lines.join('\n');
}
