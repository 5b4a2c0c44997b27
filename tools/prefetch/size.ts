/** How much space things take. */
import { spawnSync } from 'node:child_process';
import { root } from '../../cluster/instance.ts';

export const megabytes = (bytes: number): string =>
  `${Math.ceil(bytes / 1e6).toLocaleString('en-GB')} MB`;

/** In bytes on disk; 0 where it cannot be told. */
export function folderSize(folder: string): number {
  const { stdout, status } = run('du', '-sk', folder);
  return status === 0 ? Number.parseInt(stdout, 10) * 1024 : 0;
}

/** Of Debian's installed packages whose name matches, in bytes; 0 elsewhere. */
export function packageSize(pattern: string): number {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in
  const { stdout } = run('dpkg-query', '--show', '--showformat=${Installed-Size}\\n', pattern);
  const sizes = (stdout ?? '').split('\n').map(Number);
  return sizes.reduce((sum, kilobytes) => sum + kilobytes, 0) * 1024;
}

const run = (program: string, ...args: string[]) =>
  spawnSync(program, args, { cwd: root, encoding: 'utf8' });
