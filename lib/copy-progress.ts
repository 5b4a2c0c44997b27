export interface LoadProgress {
  state: 'running' | 'done' | 'failed';
  files: number;
  filesDone: number;
  /** Sent so far, roughly; at the end, the rows that are in the table. */
  rows: number;
  bytes: number;
  /** Of all files; not known for a stream of rows. */
  totalBytes?: number;
  seconds: number;
  rowsPerSecond: number;
  secondsLeft?: number;
}

/** How far all files are. */
export class Tracker {
  readonly #started = performance.now();
  readonly #onProgress?: (progress: LoadProgress) => void;
  readonly #files: FileTracker[];

  constructor(sizes: (number | undefined)[], onProgress?: (progress: LoadProgress) => void) {
    this.#onProgress = onProgress;
    this.#files = sizes.map((size) => new FileTracker(size, () => this.report('running')));
  }

  file(index: number): FileTracker {
    return this.#files[index];
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  report(state: LoadProgress['state']): void {
    if (!this.#onProgress) return;
    const { seconds } = this;
    const rows = Math.round(sum(this.#files, 'rows'));
    const bytes = sum(this.#files, 'bytes');
    const totalBytes = this.#files.every((file) => file.totalBytes !== undefined)
      ? sum(this.#files as { totalBytes: number }[], 'totalBytes')
      : undefined;
    this.#onProgress({
      state,
      files: this.#files.length,
      filesDone: this.#files.filter((file) => file.isIn).length,
      rows,
      bytes,
      totalBytes,
      seconds,
      rowsPerSecond: seconds > 0 ? rows / seconds : 0,
      secondsLeft:
        totalBytes !== undefined && bytes > 0
          ? (seconds * (totalBytes - bytes)) / bytes
          : undefined,
    });
  }
}

/** How far one file is. */
export class FileTracker {
  rows = 0;
  bytes = 0;
  isIn = false;
  totalBytes: number | undefined;
  readonly #report: () => void;

  constructor(totalBytes: number | undefined, report: () => void) {
    this.totalBytes = totalBytes;
    this.#report = report;
  }

  passed(bytes: number, rows: number): void {
    this.bytes += bytes;
    this.rows += rows;
    this.#report();
  }

  loaded({ rows, bytes }: { rows: number; bytes: number }): void {
    Object.assign(this, { rows, bytes, totalBytes: bytes, isIn: true });
    this.#report();
  }

  failed(): void {
    Object.assign(this, { rows: 0, bytes: 0, totalBytes: 0 });
  }
}

/** Of one property over all items. */
export function sum<Key extends string>(items: readonly Record<Key, number>[], key: Key): number {
  return items.reduce((total, item) => total + item[key], 0);
}
