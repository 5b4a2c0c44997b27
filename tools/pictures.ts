/** Writes the pictures of `docs/pictures/` that slides and the README show; part of `npm run fix`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { colocationPicture } from '../lib/pictures/colocation.ts';
import { PLACEMENT, PRUNING, SKETCHES, WINDOW } from '../lib/pictures/examples.ts';
import { hyperLogLogPicture } from '../lib/pictures/hyperloglog.ts';
import { pipelinePicture } from '../lib/pictures/pipeline.ts';
import { topNPicture } from '../lib/pictures/topn.ts';
import { windowPicture } from '../lib/pictures/window.ts';
import { isMain, runTool } from './cli.ts';

/** Writes every picture. @returns the files that changed */
export function buildPictures(folder = join(import.meta.dirname, '../docs/pictures')): string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(drawPictures()).flatMap(([name, svg]) => {
    const file = join(folder, name);
    if (existsSync(file) && readFileSync(file, 'utf8') === svg) return [];
    writeFileSync(file, svg);
    return [file];
  });
}

/** Every picture by the name of its file, drawn from the same examples each time. */
export function drawPictures(): Record<string, string> {
  const pictures = {
    pipeline: pipelinePicture(),
    window: windowPicture(WINDOW),
    hyperloglog: hyperLogLogPicture(SKETCHES),
    topn: topNPicture(PRUNING),
    colocation: colocationPicture(PLACEMENT),
  };
  return Object.fromEntries(
    Object.entries(pictures).map(([name, svg]) => [`${name}.svg`, `${svg}\n`]),
  );
}

if (isMain(import.meta.url))
  await runTool(() => {
    for (const file of buildPictures()) console.log(`written ${file}`);
  });
