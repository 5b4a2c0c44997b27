/** A notebook of the workshop. */
export interface Chapter {
  id: string;
  /** Name of its files: `notebooks/<name>.ipynb`. */
  name: string;
  title: string;
  /** Reading and running, for somebody new to it. */
  minutes: number;
}

/** The workshop in its order. */
export const CHAPTERS: readonly Chapter[] = [
  { id: '00', name: '00-start-here', title: 'Start here', minutes: 5 },
  { id: '01', name: '01-connect', title: 'A database and a connection', minutes: 3 },
  { id: '02', name: '02-schema', title: 'A schema for time and customers', minutes: 10 },
  { id: '03', name: '03-window', title: 'Which events are safe to roll up', minutes: 13 },
  { id: '04', name: '04-rollups', title: 'Rollup functions', minutes: 12 },
  { id: '05', name: '05-load', title: 'Load events with COPY', minutes: 9 },
  { id: '06', name: '06-aggregate', title: 'Aggregate, twice, and recount', minutes: 7 },
  { id: '07', name: '07-dashboards', title: 'Four questions, four charts', minutes: 10 },
  { id: '08', name: '08-schedule', title: 'A dashboard that moves', minutes: 10 },
  { id: '09', name: '09-expire', title: 'Forget on time', minutes: 11 },
  { id: '10', name: '10-scale-out', title: 'Scale out', minutes: 15 },
  { id: '11', name: '11-trust', title: 'Why you can trust it', minutes: 15 },
];

/**
 * The chapter with this id.
 *
 * @throws when there is none, naming those that there are
 */
export function chapter(id: string): Chapter {
  const found = CHAPTERS.find((candidate) => candidate.id === id);
  if (found) return found;
  throw new Error(
    `Expected a chapter from 00 to ${CHAPTERS.at(-1)?.id}, got ${JSON.stringify(id)}.`,
  );
}
