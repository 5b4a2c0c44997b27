/**
 * `node cluster/container/settings.ts`: writes the configuration that goes into the images. It is
 * that of every other node; a container differs in addresses and sockets only.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { accessRules, type Role, serverSettings } from '../settings.ts';

/** What belongs into each file of this folder. */
export function containerSettings(): Record<string, string> {
  return {
    'plain.conf': settings('single'),
    'citus.conf': settings('coordinator'),
    // the port is published on the loopback address only; nodes come from the containers' network
    'pg_hba.conf': withHeading(accessRules('all')),
  };
}

function settings(role: Role): string {
  const text = serverSettings(role, {
    port: 5432,
    addresses: '*',
    socketDirectory: '/var/run/postgresql',
    database: 'workshop',
    libraries: ['citus', 'pg_cron', 'pg_partman_bgw', 'hll'],
  });
  return `${withHeading(text)}hba_file = '/usr/local/lib/workshop/pg_hba.conf'\n`;
}

function withHeading(text: string): string {
  return text.replace(
    /^#.*\n/,
    '# Made by "node cluster/container/settings.ts" from cluster/settings.ts.\n',
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, text] of Object.entries(containerSettings())) {
    writeFileSync(join(import.meta.dirname, name), text);
  }
}
