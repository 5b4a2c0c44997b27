import { readFileSync } from 'node:fs';

/** Watches the memory of a server process. */
export interface MemoryWatch {
  /** Ends it. @returns the most memory of its own that the process had, in MB */
  stop(): number;
}

/**
 * Watches the private memory (RssAnon: without the buffers that all processes share) of a server process.
 *
 * @param pid as `pg_backend_pid()` says
 * @returns nothing where the process cannot be seen: another machine, a container, not Linux
 */
export function watchMemory(pid: number, { everyMs = 20 } = {}): MemoryWatch | undefined {
  if (!isServerProcess(pid)) return undefined;
  let peak = read(pid) ?? 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, read(pid) ?? 0);
  }, everyMs);
  return {
    stop() {
      clearInterval(timer);
      return Math.max(peak, read(pid) ?? 0) / 1024;
    },
  };
}

// the same number may be another process here than there
function isServerProcess(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres:');
  } catch {
    return false;
  }
}

function read(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}
