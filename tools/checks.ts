/** What can be wrong on this machine besides the database: Node, kernel, Python, notebooks. */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Check, Finding } from '../cluster/checks.ts';
import { root } from '../cluster/instance.ts';
import { findPython, isInstalled, venvProgram } from './jupyterlab.ts';
import { missingNotebooks, scripts } from './percent.ts';

/** In the order in which a person would look. */
export const machineChecks: Check[] = [
  { title: 'Node', run: checkNode },
  { title: 'Kernel', run: checkKernel },
  { title: 'JupyterLab', run: checkJupyterLab },
  { title: 'Notebooks', run: checkNotebooks },
];

function checkNode(): Finding {
  const { features, version, execPath } = process;
  if (features.typescript) return { state: 'ok', text: `${version.slice(1)} (${execPath})` };
  const fix = 'npm ci, then start commands with "npm run"';
  return { state: 'error', text: `${version} is too old for TypeScript`, fix };
}

function checkKernel(): Finding {
  const file = join(root, 'kernel', 'kernels', 'tslab', 'kernel.json');
  const require = createRequire(import.meta.url);
  try {
    const { display_name: name } = JSON.parse(readFileSync(file, 'utf8'));
    require('zeromq');
    const { version } = require('tslab/package.json');
    require('tslab');
    return { state: 'ok', text: `${name}, tslab ${version}` };
  } catch (error) {
    const text = `cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
    return { state: 'error', text, fix: 'npm ci' };
  }
}

function checkJupyterLab(): Finding {
  const python = findPython();
  if (!python) {
    const fix = 'install Python 3.11 or later (Debian, Ubuntu: apt-get install python3-venv)';
    return { state: 'error', text: 'no Python 3.11 or later', fix };
  }
  if (!isInstalled()) {
    const text = `not installed yet (Python ${python.version} is there)`;
    return { state: 'warning', text, fix: 'npm start installs it into .venv' };
  }
  const { stdout, status } = spawnSync(venvProgram('jupyter-lab'), ['--version'], {
    encoding: 'utf8',
  });
  if (status === 0) return { state: 'ok', text: `${stdout.trim()} in .venv` };
  return { state: 'error', text: '.venv is broken', fix: 'rm -r .venv, then npm start' };
}

function checkNotebooks(): Finding {
  const folder = join(root, 'notebooks');
  const sources = existsSync(folder) ? scripts(folder) : [];
  if (!sources.length) {
    return { state: 'error', text: 'no chapters found', fix: 'git checkout notebooks' };
  }
  const missing = missingNotebooks(folder);
  if (!missing.length) return { state: 'ok', text: `${sources.length} chapters` };
  return { state: 'error', text: `not built: ${missing.join(', ')}`, fix: 'npm start' };
}
