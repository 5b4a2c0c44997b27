import { inNotebook, Live } from './display.ts';
import { escapeHtml } from './html.ts';

/** How far a long task is. Whatever is not known is left out. */
export interface Progress {
  /** @default 'running' */
  state?: 'running' | 'done' | 'failed';
  rows: number;
  totalRows?: number;
  bytes: number;
  totalBytes?: number;
  files?: number;
  filesDone?: number;
  /** How much is done, from 0 to 1, where neither bytes nor rows tell it. */
  fraction?: number;
  /** Since the start. */
  seconds: number;
  secondsLeft?: number;
}

export interface ProgressBarOptions {
  /** Where the bar goes. @default 'notebook' in a notebook, else 'terminal' */
  target?: 'notebook' | 'terminal';
  /** The terminal, or a file that stands in for one. @default process.stderr */
  output?: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  /** The area of the notebook to draw in. @default a new one below the cell */
  live?: Pick<Live, 'html'>;
  /** The least time between two drawings. @default 100 */
  intervalMs?: number;
  /** What is counted; other things than rows have neither bytes nor a speed. @default 'rows' */
  unit?: string;
}

/**
 * A bar to hand to `onProgress`. In a notebook it is redrawn in place, in a terminal it is one line; a log gets the
 * last line alone. It ends with a line that sums up.
 *
 * @param title what is going on, such as `Loading`
 */
export function progressBar(
  title: string,
  {
    target = inNotebook() ? 'notebook' : 'terminal',
    output = process.stderr,
    live = new Live(),
    intervalMs = 100,
    unit = 'rows',
  }: ProgressBarOptions = {},
): (progress: Progress) => void {
  const line = (progress: Progress) => progressLine(title, progress, unit);
  const draw = target === 'notebook' ? notebookDrawer(line, live) : terminalDrawer(line, output);
  let drawnAt = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const running = (progress.state ?? 'running') === 'running';
    if (running && performance.now() - drawnAt < intervalMs) return;
    draw(progress);
    drawnAt = performance.now();
  };
}

/** One line: how much of it is done, how fast it goes, how long it takes yet. */
export function progressLine(title: string, progress: Progress, unit = 'rows'): string {
  const { state = 'running', seconds, secondsLeft, files = 1, filesDone } = progress;
  const running = state === 'running';
  return [
    `${title}${state === 'done' ? ': done' : state === 'failed' ? ': stopped by an error' : ''}`,
    running && percent(progress),
    ...(unit === 'rows' ? amount(progress) : [count(progress, unit)]),
    files > 1 && filesDone !== undefined && `${filesDone} of ${files} files`,
    running ? secondsLeft !== undefined && `${duration(secondsLeft)} left` : duration(seconds),
  ]
    .filter(Boolean)
    .join(' · ');
}

function amount({ rows, bytes, seconds }: Progress) {
  return [
    `${rows.toLocaleString('en-US')} rows`,
    seconds > 0 && `${Math.round(rows / seconds).toLocaleString('en-US')} rows/s`,
    `${(bytes / 1e6).toFixed(1)} MB`,
  ];
}

function count({ rows, totalRows }: Progress, unit: string): string {
  return totalRows === undefined ? `${rows} ${unit}` : `${rows} of ${totalRows} ${unit}`;
}

/**
 * Waits until some work has ended, well or not, and tells how far it is: at once, about five times a second, and once
 * at the end. It never throws: a failure of the work is told, and left to whoever waits for the work.
 *
 * @param look what is done so far; when that fails, what was seen before is told again
 */
export async function watchWork(
  work: Promise<unknown>,
  look: () => Promise<Omit<Progress, 'state' | 'seconds'>>,
  tell: (progress: Progress) => void,
): Promise<void> {
  const started = performance.now();
  let state: Progress['state'] = 'running';
  const ended = work.then(
    () => {
      state = 'done';
    },
    () => {
      state = 'failed';
    },
  );
  let seen: Awaited<ReturnType<typeof look>> = { rows: 0, bytes: 0 };
  const report = async () => {
    const before = state; // the end is told after a look of its own
    seen = await look().catch(() => seen);
    tell({ ...seen, state: before, seconds: (performance.now() - started) / 1000 });
  };
  while (state === 'running') {
    await report();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, POLL_MS))]);
  }
  await report();
}

const POLL_MS = 200;

type Drawer = (progress: Progress) => void;

// colours that hold on a light and on a dark page: the text's own, a grey that is half transparent, one strong tone
function notebookDrawer(lineOf: (progress: Progress) => string, live: Pick<Live, 'html'>): Drawer {
  return (progress) => {
    const line = lineOf(progress);
    const failed = progress.state === 'failed';
    const width = progress.state === 'done' ? 100 : 100 * (fraction(progress) ?? 0);
    const bar = `<div style="height:8px;max-width:480px;margin:4px 0;border-radius:4px;background:rgba(128,128,128,.3)"
      ><div style="height:8px;border-radius:4px;width:${width.toFixed(1)}%;background:${failed ? '#d55e00' : '#0072b2'}"
      ></div></div>`;
    live.html(
      `<div style="font-variant-numeric:tabular-nums">${bar}<small>${escapeHtml(line)}</small></div>`,
      progress.state === 'done' || failed ? line : `${textBar(progress)}${line}`,
    );
  };
}

const CLEAR_TO_END = '\u001b[K';

function terminalDrawer(
  lineOf: (progress: Progress) => string,
  output: NonNullable<ProgressBarOptions['output']>,
): Drawer {
  return (progress) => {
    const running = (progress.state ?? 'running') === 'running';
    const line = `${running ? textBar(progress) : ''}${lineOf(progress)}`;
    if (!output.isTTY && running) return;
    // a line that wraps cannot be drawn over
    const shown = line.slice(0, (output.columns || 120) - 1);
    output.write(output.isTTY ? `\r${shown}${CLEAR_TO_END}${running ? '' : '\n'}` : `${line}\n`);
  };
}

function textBar(progress: Progress): string {
  const done = fraction(progress);
  if (done === undefined) return '';
  const full = Math.round(done * 20);
  return `${'█'.repeat(full)}${'░'.repeat(20 - full)} `;
}

function percent(progress: Progress): string | undefined {
  const done = fraction(progress);
  return done === undefined ? undefined : `${Math.floor(done * 100)} %`;
}

function fraction(progress: Progress): number | undefined {
  const { rows, totalRows, bytes, totalBytes } = progress;
  const counted = totalBytes ? bytes / totalBytes : totalRows ? rows / totalRows : undefined;
  const done = progress.fraction ?? counted;
  return done === undefined ? undefined : Math.min(Math.max(done, 0), 1);
}

function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  return `${minutes} min ${Math.round(seconds) % 60} s`;
}
