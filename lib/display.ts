/** Rich output for notebook cells. The running tslab kernel and this file share one tslab instance. */

import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';

export type MimeBundle = Record<string, unknown>;
type Message = { data: MimeBundle; metadata: object; transient: { display_id?: string } };
type TslabInternals = { lastWriteDisplayData: ((m: Message, update: boolean) => void) | null };

// tslab.display.* sends one MIME type per output; a bundle with a fallback needs this internal.
const internals = createRequire(import.meta.url)('tslab/dist/jupyter.js') as TslabInternals;

export function display(data: MimeBundle, id?: string, update = false): void {
  const write = internals.lastWriteDisplayData;
  if (!write) {
    console.log(data['text/plain'] ?? Object.keys(data));
    return;
  } // outside a kernel
  write({ data, metadata: {}, transient: id ? { display_id: id } : {} }, update);
}

/** One output area that is replaced at each call (progress bars, live charts). */
export class Live {
  private readonly id = randomBytes(8).toString('hex');
  private shown = false;
  show(data: MimeBundle): void {
    display(data, this.id, this.shown);
    this.shown = true;
  }
  html(html: string, text = ''): void {
    this.show({ 'text/html': html, 'text/plain': text || html.replace(/<[^>]+>/g, ' ') });
  }
}
