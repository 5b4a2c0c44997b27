/** Links from one file of the project to another. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Link, Text } from './texts.ts';

/** @returns one sentence for each link that leads nowhere */
export function checkInside(texts: Text[], root: string): string[] {
  const byFile = new Map(texts.map((text) => [text.file, text]));
  return texts.flatMap(({ file, links }) =>
    links.flatMap((link) => {
      const fault = isOutside(link) ? undefined : judge(link, file, byFile, root);
      return fault ? [`${file}:${link.line} links to ${link.href}: ${fault}`] : [];
    }),
  );
}

/** Whether a link names a host, or is none of a file (`mailto:`). */
export const isOutside = ({ href }: Link): boolean => /^(\w[\w+.-]*:|\/\/)/.test(href);

function judge(
  { href }: Link,
  file: string,
  texts: Map<string, Text>,
  root: string,
): string | undefined {
  const [, path = '', anchor] = /^([^#?]*)[^#]*(?:#(.*))?$/.exec(decodeURI(href)) ?? [];
  const target = path ? posix.join(posix.dirname(file), path) : file;
  if (path.startsWith('/') || target.startsWith('..')) return 'it leaves the project';
  const place = join(root, target);
  if (!existsSync(place)) return 'there is no such file';
  const text = texts.get(target.replace(/\.ipynb$/, '.ts'));
  if (!anchor || !text || text.anchors.includes(anchor)) return;
  return `there is no such heading; there are ${text.anchors.join(', ')}`;
}
