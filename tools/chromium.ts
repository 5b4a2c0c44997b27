/** The browser in which JupyterLab is tested. */

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptInstall, rootPrefix } from '../cluster/packages.ts';

/** The path of a Chromium or Chrome; `CHROMIUM` names another one. */
export function findChromium({ env = process.env } = {}): string | undefined {
  if (env.CHROMIUM) return env.CHROMIUM;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
}

/** Installs Debian's Chromium when there is none and it may. @returns undefined, or why there is none */
export function provideChromium(report: (line: string) => void): string | undefined {
  if (findChromium()) return undefined;
  if (!isDebian()) return 'there is no Chromium or Chrome, and only on Debian it is installed here';
  if (!rootPrefix()) return 'there is no Chromium or Chrome, and no right to install it';
  try {
    aptInstall(['chromium'], report);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

// Ubuntu's package of that name is only a pointer to another store.
function isDebian(): boolean {
  const file = '/etc/os-release';
  return existsSync(file) && /^ID=debian$/m.test(readFileSync(file, 'utf8'));
}
