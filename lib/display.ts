import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { textOf } from './html.ts';

/** One output in several formats, keyed by MIME type; a front end shows the richest that it knows. */
export type MimeBundle = Record<string, unknown>;

/**
 * Shows a bundle below the running cell. Outside a notebook its `text/plain` is printed.
 *
 * @param options.id names the output, so that a later call with `update: true` replaces it
 */
export function display(data: MimeBundle, { id, update = false }: DisplayOptions = {}): void {
  const send = tslab.lastWriteDisplayData;
  if (send) send({ data, metadata: {}, transient: id ? { display_id: id } : {} }, update);
  else console.log(data['text/plain'] ?? Object.keys(data).join(', '));
}

/** Shows HTML, and `text` where HTML cannot be shown. */
export function html(markup: string, text: string = textOf(markup)): void {
  display({ 'text/html': markup, 'text/plain': text });
}

/** Shows Markdown. */
export function markdown(text: string): void {
  display({ 'text/markdown': text, 'text/plain': text });
}

/** One output area that each call of `show` redraws in place: a progress bar, a chart that moves. */
export class Live {
  readonly #id = randomBytes(8).toString('hex');
  #shown = false;

  /** Draws the bundle over what this area shows now. */
  show(data: MimeBundle): void {
    display(data, { id: this.#id, update: this.#shown });
    this.#shown = true;
  }

  /** Draws HTML over what this area shows now. */
  html(markup: string, text: string = textOf(markup)): void {
    this.show({ 'text/html': markup, 'text/plain': text });
  }
}

/** True while the code runs in a notebook's kernel. */
export function inNotebook(): boolean {
  return Boolean(tslab.lastWriteDisplayData);
}

interface DisplayOptions {
  id?: string;
  update?: boolean;
}

interface TslabInternals {
  lastWriteDisplayData:
    | ((
        message: { data: MimeBundle; metadata: object; transient: { display_id?: string } },
        update: boolean,
      ) => void)
    | null;
}

// tslab.display sends one MIME type an output; a bundle with fallbacks needs what lies below it
const tslab = createRequire(import.meta.url)('tslab/dist/jupyter.js') as TslabInternals;
