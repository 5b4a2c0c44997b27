/** Slides on the stage: served on this machine, and shown again after a change. */
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../../cluster/instance.ts';
import { watchSlides } from '../../tools/slides/watch.ts';

let stage: Awaited<ReturnType<typeof watchSlides>>;

beforeAll(async () => {
  const out = join(root, 'out/test/slides-watched');
  stage = await watchSlides(['closing'], { out, port: 0 });
});
afterAll(() => stage?.stop());

it('serves the index and the decks to this machine only', async () => {
  expect(new URL(stage.url).hostname).toBe('127.0.0.1');
  const index = await (await fetch(stage.url)).text();
  expect(index).toContain('closing.html');
  const deck = await fetch(`${stage.url}closing.html`);
  expect(deck.headers.get('content-type')).toContain('text/html');
  expect(await deck.text()).toContain("new EventSource('/changes')");
});

it('gives nothing else away', async () => {
  for (const path of ['missing.html', 'source/closing.md', '..%2f..%2fpackage.json']) {
    expect((await fetch(`${stage.url}${path}`)).status).toBe(404);
  }
});

it('says when a file has changed', async () => {
  const response = await fetch(`${stage.url}changes`);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toContain('hello');
  utimesSync(join(root, 'slides/closing.md'), new Date(), new Date());
  expect((await reader?.read())?.value).toContain('data: changed');
  await reader?.cancel();
});
