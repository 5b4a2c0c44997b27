/** What is run before the site is built. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Folders } from '../../tools/site/build.ts';
import { makeSite } from '../../tools/site/make.ts';
import { makeProject } from './fixture.ts';

describe('making the site', () => {
  let folders: Folders;
  beforeAll(async () => {
    folders = await makeProject();
  });
  afterAll(() => rmSync(folders.root, { recursive: true }));

  const make = async (options: { reuse?: boolean; slides?: string } = {}) => {
    const { reuse, ...rest } = options;
    const ran: string[] = [];
    const run = async (...command: string[]) => void ran.push(command.join(' '));
    const pages = await makeSite({ ...folders, ...rest }, { reuse, run });
    expect(pages).toContain('index.html');
    return ran;
  };

  it('runs all notebooks and makes the slides', async () => {
    expect(await make()).toEqual(['notebooks 00 01 02', 'slides']);
  });

  it('runs nothing when all is there and may be used again', async () => {
    expect(await make({ reuse: true })).toEqual([]);
  });

  it('makes the slides that are not there', async () => {
    expect(await make({ reuse: true, slides: join(folders.root, 'none') })).toEqual(['slides']);
  });

  it('stops with the first program that fails', async () => {
    const run = async (tool: string) => {
      throw new Error(`${tool} failed`);
    };
    await expect(makeSite(folders, { run })).rejects.toThrow('notebooks failed');
  });

  it('names a link that leads nowhere', async () => {
    rmSync(join(folders.root, 'CONTRIBUTING.md'));
    const fault = /faults:\n {2}\S+\.html links to contributing\.html, which is not there/;
    await expect(make({ reuse: true })).rejects.toThrow(fault);
  });

  it('runs again only the notebook that has changed', async () => {
    rmSync(join(folders.executed, '01-second.ipynb'));
    const run = async (...command: string[]) => {
      throw new Error(command.join(' '));
    };
    await expect(makeSite(folders, { reuse: true, run })).rejects.toThrow('notebooks 01');
  });
});
