/** Links in README, guides, notebooks and slides. Other hosts are asked by night: `node tools/links.ts`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInside } from '../../tools/links/inside.ts';
import { checkOutside, findAddresses } from '../../tools/links/outside.ts';
import { readTexts } from '../../tools/links/texts.ts';

const root = join(import.meta.dirname, '../..');

describe('the links of the project', () => {
  const texts = readTexts(root);

  it('are found in README, guides and notebooks', () => {
    const names = texts.filter(({ links }) => links.length).map(({ file }) => file);
    expect(names).toContain('README.md');
    expect(names).toContain('notebooks/03-window.ts');
  });

  it('lead to files and headings that are there', () => {
    expect(checkInside(texts, root)).toEqual([]);
  });

  it('name all that the tutorial of 2018 refers to, where its subject is taught', () => {
    const blog = 'https://www.citusdata.com/blog/';
    const references = {
      '00': 'https://github.com/citusdata/pgopensv-analytics-tutorial',
      '02': `${blog}2018/01/24/citus-and-pg-partman-creating-a-scalable-time-series-database-on-PostgreSQL/`,
      '03': `${blog}2018/06/14/scalable-incremental-data-aggregation/`,
      '04': `${blog}2018/03/27/topn-for-your-postgres-database/`,
      '04 ': `${blog}2017/04/04/distributed_count_distinct_with_postgresql/`,
      '07': `${blog}2017/12/27/real-time-analytics-dashboards-with-citus/`,
      '08': 'https://github.com/citusdata/pg_cron',
    };
    for (const [chapter, reference] of Object.entries(references)) {
      const text = texts.find(({ file }) => file.startsWith(`notebooks/${chapter.trim()}-`));
      expect(
        text?.links.map(({ href }) => href),
        chapter,
      ).toContain(reference);
    }
  });
});

describe('the check of links', () => {
  let folder: string;
  const write = (file: string, text: string) => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const faults = () => checkInside(readTexts(folder), folder);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'links-'));
    write('notebooks/01-a.ts', '// %% [markdown]\n// # One\n// ## Two & three\n');
    write('notebooks/01-a.ipynb', '{}');
    write('docs/a.md', '# A\n## Same\n## Same\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('lets good links be, also those to headings and to other hosts', () => {
    const good = [
      'docs/a.md#same-1',
      '#top',
      'notebooks/01-a.ipynb#two--three',
      'docs',
      'mailto:a@b.c',
    ];
    write(
      'README.md',
      `# Top\n${good.map((href) => `[x](${href})`).join('\n')}\nhttps://example.org\n`,
    );
    expect(faults()).toEqual([]);
  });

  it.for([
    ['[x](docs/b.md)', 'there is no such file'],
    ['![x](b.png)', 'there is no such file'],
    ['<img src="b.png">', 'there is no such file'],
    ['[x](docs/a.md#b)', 'there is no such heading; there are a, same, same-1'],
    ['[x](#b)', 'there is no such heading; there are top'],
    ['[x](notebooks/01-a.ipynb#b)', 'there is no such heading; there are one, two--three'],
    ['[x](/etc/hosts)', 'it leaves the project'],
    ['[x](../a.md)', 'it leaves the project'],
  ])('names file and line of %s', ([link, fault]) => {
    write('README.md', `# Top\n\n${link}\n`);
    expect(faults()).toHaveLength(1);
    expect(faults()[0]).toContain(`README.md:3 links to `);
    expect(faults()[0]).toContain(`: ${fault}`);
    write('README.md', '');
  });

  it('reads the text cells of a notebook, not its code', () => {
    const code = '// %%\nconst a = "[x](gone.md)";\n';
    write('notebooks/02-b.ts', `${code}// %% [markdown]\n// Text.\n//\n// [x](gone.md)\n`);
    expect(faults()).toEqual(['notebooks/02-b.ts:6 links to gone.md: there is no such file']);
    write('notebooks/02-b.ts', code);
  });

  it('finds addresses in code and texts, but not the names of formats', () => {
    write('README.md', '[x](https://example.org/a)\n');
    write('lib/a.ts', `const name = 'http://www.w3.org/2000/svg';\n// see https://example.org/b\n`);
    const places = Object.fromEntries(findAddresses(readTexts(folder), folder));
    expect(places).toEqual({
      'https://example.org/a': ['README.md:1'],
      'https://example.org/b': ['lib/a.ts:2'],
    });
  });
});

describe('the check of other hosts', () => {
  let server: Server;
  let host: string;
  beforeAll(async () => {
    const codes: Record<string, number> = { '/good': 200, '/refused': 403 };
    server = createServer(({ url = '' }, response) => response.writeHead(codes[url] ?? 404).end());
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('names each address that is gone, with the places of its links', async () => {
    const addresses = new Map([
      [`${host}/good`, ['a.md:1']],
      [`${host}/refused`, ['a.md:2']],
      [`${host}/gone`, ['a.md:3', 'b.md:1']],
    ]);
    const faults = await checkOutside(addresses);
    expect(faults).toEqual([`a.md:3, b.md:1 links to ${host}/gone, which answers 404`]);
  });
});
