/** The instructor's guide: sheets that add up, failures that happen, fixes that `doctor` gives. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databaseChecks } from '../../cluster/checks.ts';
import type { ServerFacts } from '../../cluster/facts.ts';
import { root } from '../../cluster/instance.ts';
import { CHAPTERS } from '../../lib/chapters.ts';
import { machineChecks } from '../../tools/checks.ts';
import { talkMinutes } from '../../tools/slides/notes.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const guide = read('slides/INSTRUCTOR.md');

/** Rows of the table with this head, as texts. */
function tableRows(head: string, text = guide): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head}`));
  const end = lines.findIndex((line, at) => at > start && !line.startsWith('|'));
  expect(start, `a table with the head "${head}"`).toBeGreaterThan(-1);
  return lines.slice(start + 2, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

interface Row {
  start: number;
  part: string;
  talk: number;
  handsOn: number;
}

function runSheet(minutes: number): Row[] {
  const section = guide.split(`### ${minutes} minutes`)[1] ?? '';
  return tableRows('start', section).map(([start, part = '', talk, handsOn]) => ({
    start: Number(start),
    part,
    talk: Number(talk),
    handsOn: Number(handsOn),
  }));
}

const deckOf = (part: string) =>
  CHAPTERS.find(({ id, title }) => part === `${id} ${title}`)?.name ??
  (['opening', 'closing'].includes(part) ? part : undefined);

describe.for([45, 90, 180])('the run sheet of %i minutes', (minutes) => {
  const sheet = runSheet(minutes);

  it('adds up', () => {
    let clock = 0;
    for (const { start, part, talk, handsOn } of sheet) {
      expect(start, part).toBe(clock);
      clock += talk + handsOn;
    }
    expect(clock).toBe(minutes);
  });

  it('names chapters as they are called, in their order', () => {
    const known = CHAPTERS.map(({ id, title }) => `${id} ${title}`);
    const named = sheet.map(({ part }) => part).filter((part) => /^\d\d /.test(part));
    const wanted = named.flatMap((part) => part.split(', or '));
    expect(wanted.filter((part) => !known.includes(part))).toEqual([]);
    expect(wanted).toEqual(wanted.toSorted());
    expect([sheet[0]?.part, sheet.at(-1)?.part]).toEqual(['opening', 'closing']);
  });

  it('never talks longer than the notes', () => {
    for (const { part, talk } of sheet) {
      for (const deck of part.split(', or ').map(deckOf)) {
        if (!deck || !existsSync(join(root, `slides/${deck}.md`))) continue;
        expect(talk, part).toBeLessThanOrEqual(talkMinutes(read(`slides/${deck}.md`)));
      }
    }
  });
});

it('180 minutes are enough for the notes and for every chapter to 09', () => {
  const sheet = runSheet(180);
  for (const { name, id, title, minutes } of CHAPTERS.filter(({ id }) => id < '10')) {
    const row = sheet.find(({ part }) => part === `${id} ${title}`);
    expect(row?.talk, title).toBe(talkMinutes(read(`slides/${name}.md`)));
    expect(row?.handsOn, title).toBeGreaterThanOrEqual(minutes);
  }
});

describe('failures', () => {
  const rows = tableRows('chapter | what people see');

  it('are there for every chapter', () => {
    const chapters = new Set(rows.map(([chapter]) => chapter));
    expect(CHAPTERS.map(({ id }) => id).filter((id) => !chapters.has(id))).toEqual([]);
  });

  it('are messages that the kit has', () => {
    const folders = ['lib', 'sql', 'cluster', 'tools', 'notebooks'];
    const files = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(?:ts|sql)$/.test(file))
        .map((file) => read(join(folder, file))),
    );
    const source = files.join('\n');
    const parts = rows
      .flatMap(([, seen = '']) => [...seen.matchAll(/`([^`]+)`/g)])
      .flatMap(([, message = '']) => message.split('…'))
      .map((part) => part.trim());
    expect(parts.filter((part) => part !== '[*]' && !source.includes(part))).toEqual([]);
  });
});

describe("doctor's fixes", () => {
  const rows = tableRows("doctor's line").map(([title, says, fix = '']) => ({
    title,
    says,
    fix: fix.replaceAll('`', ''),
  }));
  const healthy: ServerFacts = {
    version: '17.0',
    major: 17,
    database: 'workshop',
    available: { hll: '2.18', pg_partman: '5.2', pg_cron: '1.6', citus: '13.0' },
    preloaded: ['pg_cron'],
    cronDatabase: 'workshop',
    mayCreate: true,
    nodes: [],
  };
  const without = (extension: string) => ({
    available: { ...healthy.available, [extension]: undefined } as never,
  });
  const worker = { name: 'worker-1', port: 5432, isActive: false, isCoordinator: false };

  it.for<[string, Partial<ServerFacts>]>([
    ['Database', { major: 14 }],
    ['Database', { mayCreate: false }],
    ['hll', without('hll')],
    ['pg_partman', without('pg_partman')],
    ['pg_cron', without('pg_cron')],
    ['pg_cron', { preloaded: [], cronDatabase: undefined }],
    ['Citus', { nodes: [worker] }],
  ])('are those of the guide: %s %o', async ([title, broken]) => {
    const url = 'postgres://somebody@127.0.0.1:1/workshop';
    const choice = { engine: 'url', why: 'a test', url } as const;
    const facts = async () => ({ ...healthy, ...broken });
    const check = databaseChecks.find((candidate) => candidate.title === title);
    const finding = await check?.run({ choice, facts });
    expect(finding?.fix).toBeDefined();
    const row = rows.find(
      (candidate) => candidate.title === title && candidate.fix === finding?.fix,
    );
    expect(row, `${title}: ${finding?.fix}`).toBeDefined();
    expect(finding?.text).toContain(row?.says);
  });

  it('are in the words of its checks', () => {
    const titles = [...machineChecks, ...databaseChecks].map(({ title }) => title);
    const source = read('cluster/checks.ts') + read('tools/checks.ts');
    for (const { title = '', says = '', fix } of rows) {
      expect(titles).toContain(title);
      expect(source).toContain(says);
      expect(source).toContain(fix);
    }
  });
});

it('every command of the guide is there', () => {
  const { scripts } = JSON.parse(read('package.json'));
  const used = [...guide.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, name = '']) => name);
  const known = ['ci', ...Object.keys(scripts)];
  expect(used.filter((name) => !known.includes(name) && name !== 'run')).toEqual([]);
});
