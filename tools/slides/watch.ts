/** Slides on the stage: served on this machine, rebuilt and shown again when a file changes. */
import { existsSync, readFileSync, watch } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { isFree } from '../../cluster/ports.ts';
import { type BuildOptions, buildSlides } from './build.ts';

/**
 * Builds decks, serves them on 127.0.0.1, and builds them again after each change.
 *
 * @param options.port any other where it is taken @default 8890
 * @returns the address, and how to stop
 */
export async function watchSlides(
  wanted: string[],
  { port = 8890, report = () => {}, ...options }: BuildOptions & { port?: number } = {},
): Promise<{ url: string; stop: () => void }> {
  const figures = { folder: join(root, 'out'), ...options.figures, frames: true };
  const out = options.out ?? join(root, 'out/slides');
  const build = () => buildSlides(wanted, { ...options, out, figures, pdf: false });
  await build();
  const pages = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    if (path === '/changes') return listen(response, pages);
    answer(response, join(out, path === '/' ? 'index.html' : path));
  });
  await listenOn(server, (await isFree(port)) ? port : 0);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  report(`Slides: ${url} (Ctrl-C ends)`);
  const watchers = watchFolders(async () => {
    try {
      await build();
      for (const page of pages) page.write('data: changed\n\n');
    } catch (error) {
      report((error as Error).message); // the last good slides stay
    }
  });
  const stop = () => {
    for (const open of [...watchers, ...pages, server]) 'end' in open ? open.end() : open.close();
  };
  return { url, stop };
}

const listenOn = (server: Server, port: number) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

const FOLDERS = ['slides', 'sql', 'docs/pictures', 'notebooks', 'lib', 'out'];

// An editor writes a file in several steps: wait for a tenth of a second of quiet.
function watchFolders(onChange: () => Promise<void>) {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running.then(onChange);
    }, 100);
  };
  const there = FOLDERS.map((folder) => join(root, folder)).filter(existsSync);
  return there.map((folder) =>
    watch(folder, (_, name) => {
      if (/\.(md|css|sql|svg|ts|ipynb)$/.test(name ?? '')) later();
    }),
  );
}

function listen(response: ServerResponse, pages: Set<ServerResponse>): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': hello\n\n');
  pages.add(response);
  response.on('close', () => pages.delete(response));
}

function answer(response: ServerResponse, file: string): void {
  if (!existsSync(file) || !TYPES[extname(file)]) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such page.\n');
    return;
  }
  response.writeHead(200, { 'content-type': TYPES[extname(file)], 'cache-control': 'no-store' });
  const content = readFileSync(file);
  response.end(
    extname(file) === '.html' ? content.toString().replace('</body>', `${RELOAD}</body>`) : content,
  );
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.pdf': 'application/pdf',
};

const RELOAD = `<script>new EventSource('/changes').onmessage = () => location.reload();</script>`;
