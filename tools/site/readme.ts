/** The README in parts: the front page of the site says the same in the same words. */

export interface Readme {
  title: string;
  /** All before the first section. */
  lead: string;
  /** Text of the section with this heading. */
  section: (heading: string) => string;
  chapters: Chapter[];
}

export interface Chapter {
  id: string;
  /** Of its files: `notebooks/<name>.ipynb`. */
  name: string;
  title: string;
  minutes: number;
  sees: string;
}

/** @throws when there is no table of chapters */
export function readReadme(text: string): Readme {
  const [top = '', ...rest] = text.split(/^## /m);
  const [, title = '', lead = ''] = /^# (.*)\n([\s\S]*)$/.exec(top) ?? [];
  const sections = new Map(rest.map(splitHeading));
  const chapters = [...text.matchAll(ROW)].map(toChapter);
  if (!chapters.length) throw new Error('README.md has no table of chapters (| 00 | [title](…) |)');
  return { title, lead, chapters, section: (heading) => sections.get(heading) ?? '' };
}

const ROW = /^\| (\d\d) \| \[(.+?)\]\(notebooks\/(.+?)\.ipynb\) \| (\d+) \| (.+?) \|$/gm;

const toChapter = ([, id = '', title = '', name = '', minutes, sees = '']: RegExpExecArray) => ({
  id,
  name,
  title,
  minutes: Number(minutes),
  sees,
});

function splitHeading(section: string): [string, string] {
  const end = section.indexOf('\n');
  return [section.slice(0, end).trim(), section.slice(end).trim()];
}
