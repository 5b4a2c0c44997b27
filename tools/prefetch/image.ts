/** The image of the containers, where an engine is there to build it. */
import { spawnSync } from 'node:child_process';
import { findContainerEngine } from '../../cluster/docker.ts';
import { chooseEngine } from '../../cluster/engine.ts';
import { root } from '../../cluster/instance.ts';
import type { Provision } from './step.ts';

export function provideImage(report: (line: string) => void): Provision {
  const { engine, why } = chooseEngine();
  const { text, reason } = findContainerEngine();
  if (engine !== 'docker' || !text) return { text: `left out: ${reason ?? why}`, isLeftOut: true };
  const flavour = process.env.WORKSHOP_FLAVOUR || 'citus';
  const image = `workshop-node:${flavour}`;
  if (!sizeOf(image)) {
    report(`Building the image ${image}`);
    const env = { ...process.env, WORKSHOP_FLAVOUR: flavour };
    const build = ['compose', '--progress', 'plain', 'build', 'coordinator'];
    const { stderr, status } = spawnSync('docker', build, { cwd: root, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${image} cannot be built: ${lastLines(stderr)}`);
  }
  return { text: image, bytes: sizeOf(image) };
}

function sizeOf(image: string): number {
  const args = ['image', 'inspect', '--format', '{{.Size}}', image];
  return Number(spawnSync('docker', args, { encoding: 'utf8' }).stdout) || 0;
}

const lastLines = (text: string) => text.trim().split('\n').slice(-5).join('\n');
