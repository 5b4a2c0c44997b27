import { findPrograms, hasCitus } from '../../cluster/programs.ts';

/** Why no native cluster of several nodes can be had here; undefined where it can. */
export function citusMissing(): string | undefined {
  const [best] = findPrograms();
  if (!best) return 'needs PostgreSQL on this machine, and there is none';
  return hasCitus(best)
    ? undefined
    : `needs the citus extension, which ${best.folder} does not offer`;
}
