/**
 * `npm run prefetch`: fetches all that a room without a network needs, and says how big it is. What is there is not
 * fetched again.
 */
import { styleText } from 'node:util';
import { chooseEngine } from '../cluster/engine.ts';
import { providePrograms } from '../cluster/packages.ts';
import { findChromium, provideChromium } from './chromium.ts';
import { isMain, readOptions, runTool } from './cli.ts';
import { installJupyterLab } from './jupyterlab.ts';
import { provideImage } from './prefetch/image.ts';
import { providePackages } from './prefetch/packages.ts';
import { folderSize, megabytes, packageSize } from './prefetch/size.ts';
import type { Provision, Step } from './prefetch/step.ts';

const steps: Step[] = [
  { title: 'npm packages', run: providePackages },
  { title: 'JupyterLab', run: provideJupyterLab },
  { title: 'PostgreSQL', run: provideServer },
  { title: 'Container image', run: provideImage },
  { title: 'Browser', run: provideBrowser },
];

/** Runs every step, also after one that failed. @returns how many failed, and the size of all together */
export async function prefetch(
  wanted: Step[],
  print: (line: string) => void,
): Promise<{ failed: number; bytes: number }> {
  let [failed, bytes] = [0, 0];
  for (const { title, run } of wanted) {
    const report = (line: string) => print(`  ${line}`);
    try {
      const found = await run(report);
      bytes += found.bytes ?? 0;
      const size = found.bytes ? `, ${megabytes(found.bytes)}` : '';
      const mark = found.isLeftOut ? '·' : styleText('green', '✓');
      print(`${mark} ${title.padEnd(16)} ${found.text}${size}`);
    } catch (error) {
      failed++;
      print(`${styleText('red', '✗')} ${title.padEnd(16)} ${(error as Error).message}`);
    }
  }
  return { failed, bytes };
}

function provideJupyterLab(report: (line: string) => void): Provision {
  installJupyterLab(report);
  return { text: 'with all its wheels in .venv', bytes: folderSize('.venv') };
}

// A server of somebody else is not fetched; containers bring their own.
function provideServer(report: (line: string) => void): Provision {
  const { engine, why } = chooseEngine();
  if (engine !== 'native') return { text: `left out: this kit uses ${why}`, isLeftOut: true };
  const { version, extensions, major } = providePrograms(report);
  const ours = ['hll', 'pg_cron', 'pg_partman', 'tdigest'];
  const names = ours.filter((name) => extensions.includes(name)).join(', ');
  return { text: `${version} with ${names}`, bytes: packageSize(`postgresql*-${major}*`) };
}

function provideBrowser(report: (line: string) => void): Provision {
  const reason = provideChromium(report);
  const text = 'for tests and slides as PDF';
  if (reason) return { text: `left out (${text}): ${reason}`, isLeftOut: true };
  return { text: `${findChromium()}, ${text}`, bytes: packageSize('chromium*') };
}

if (isMain(import.meta.url)) {
  await runTool(async (args) => {
    readOptions('npm run prefetch', { args });
    console.log('What a room without a network needs:');
    const { failed, bytes } = await prefetch(steps, console.log);
    if (failed)
      throw new Error(`\n${failed} of ${steps.length} are missing. Repair, then run it again.`);
    console.log(
      `\nAll is here, ${megabytes(bytes)}. In the room: npm start, without npm ci before it`,
    );
    console.log('(npm ci needs the network; if it must be: npm ci --offline).');
  });
}
