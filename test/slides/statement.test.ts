import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../cluster/instance.ts';
import { COLUMNS, excerpt } from '../../tools/slides/statement.ts';

const text = `select one,
    two
  from a
 where b
 group by c;`;

describe('an excerpt of a statement', () => {
  it('is the whole file without ranges', () => {
    expect(excerpt(`${text}\n`, [])).toBe(text);
  });

  it('loses its common indentation, and shows where something is left out', () => {
    const ranges = [
      { first: 'two', last: 'from' },
      { first: 'group', last: 'group' },
    ];
    expect(excerpt(text, ranges)).toBe('  two\nfrom a\n…\ngroup by c;');
  });

  it('shows that a list goes on', () => {
    expect(excerpt(text, [{ first: 'one', last: 'one' }])).toBe('select one,\n…');
  });

  it('shows no gap where there is none', () => {
    const ranges = [
      { first: 'two', last: 'two' },
      { first: 'from', last: 'from' },
    ];
    expect(excerpt(text, ranges)).toBe('two\nfrom a');
  });

  it('says which line is not there', () => {
    expect(() => excerpt(text, [{ first: 'nine', last: 'nine' }])).toThrow('no line with "nine"');
    expect(() => excerpt(text, [{ first: 'from', last: 'two' }])).toThrow('"two" after line 2');
  });
});

describe('a line that is too long for a slide', () => {
  it('is broken before a keyword or after a comma, outside of quotes', () => {
    const line = `  date_bin('5 minutes', event_time, '2000-01-01 00:00+00, UTC'::timestamptz) as minute,`;
    expect(excerpt(line, []).split('\n')).toEqual([
      "  date_bin('5 minutes', event_time,",
      "    '2000-01-01 00:00+00, UTC'::timestamptz) as minute,",
    ]);
  });

  it('takes the words of a comment along to the next line', () => {
    const words = 'word '.repeat(12).trim();
    expect(excerpt(`-- ${words} end of it\n-- and more`, []).split('\n')).toEqual([
      `-- ${words}`,
      '-- end of it and more',
    ]);
  });

  const files = readdirSync(join(root, 'sql')).filter((file) => file.endsWith('.sql'));
  it.for(files)('fits, and is the same statement: %s', (file) => {
    const sql = readFileSync(join(root, 'sql', file), 'utf8');
    const shown = excerpt(sql, []);
    const words = (value: string) => value.replace(/^ *-- /gm, '').replace(/\s+/g, '');
    expect(words(shown)).toBe(words(sql));
    const long = shown.split('\n').filter((line) => line.length > COLUMNS);
    expect(long.filter((line) => !line.includes("'"))).toEqual([]); // a quoted text is not broken
  });
});
