/** How to come from one node to several, told for the engine that is in use. */

import { givenUrl, type Instance, readInstance } from './instance.ts';
import { hasCitus, inspectPrograms } from './programs.ts';

interface Situation {
  url?: string;
  instance?: Instance;
  /** Whether the programs in a folder offer Citus. */
  offersCitus?: (folder: string) => boolean;
}

/** One or two sentences; commands stand in backticks. */
export function clusterAdvice({
  url = givenUrl(),
  instance = readInstance(),
  offersCitus = askPrograms,
}: Situation = {}): string {
  const elsewhere = 'set `DATABASE_URL` to the coordinator of a Citus cluster';
  if (url) {
    return 'Connect to the coordinator of a Citus cluster with `DATABASE_URL`, or unset that variable and run `WORKSHOP_ENGINE=docker npm run up`.';
  }
  if (instance?.containers) {
    return `Run \`npm run down\`, then \`WORKSHOP_FLAVOUR=citus npm run up\`: the image with Citus. Or ${elsewhere}.`;
  }
  if (instance && offersCitus(instance.programs)) {
    return 'Run `npm run down -- --delete && npm run up`, without WORKSHOP_WORKERS: a coordinator and two workers on this machine. It begins with an empty database.';
  }
  return `Where a container engine runs, \`WORKSHOP_ENGINE=docker npm run up\` starts a cluster. Or ${elsewhere}.`;
}

function askPrograms(folder: string): boolean {
  const programs = inspectPrograms(folder);
  return programs !== undefined && hasCitus(programs);
}
