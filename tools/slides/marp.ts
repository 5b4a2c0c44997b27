/** Marp, which makes slides of Markdown. */
import { join } from 'node:path';
import { marpCli } from '@marp-team/marp-cli';
import { root } from '../../cluster/instance.ts';
import { findChromium } from '../chromium.ts';

/**
 * Converts every deck in a folder.
 *
 * @param options.template `bare` shows all slides one below the other @default 'bespoke'
 * @throws when Marp fails; it has printed why
 */
export async function convert(
  from: string,
  to: string,
  { pdf = false, template = 'bespoke' }: { pdf?: boolean; template?: 'bespoke' | 'bare' } = {},
): Promise<void> {
  const config = ['--config-file', join(root, 'slides/marp.json')];
  const kind = pdf ? [...PDF, '--browser-path', findChromium() ?? ''] : ['--template', template];
  const code = await marpCli([...config, ...kind, '--input-dir', from, '--output', to]);
  if (code) throw new Error(`Marp could not make the slides of ${from}; see above.`);
}

const PDF = ['--pdf', '--pdf-notes', '--pdf-outlines', '--no-pdf-outlines.pages'];
