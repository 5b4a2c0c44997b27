/** What a case gets to work with. */

import type { Database } from '../../lib/connect.ts';
import type { Measurement } from './measure.ts';

export interface Bench {
  /** Our tables and functions. */
  ours: Database;
  /** The tutorial's, in the same database. */
  tutorial: Database;
  /** The address of both. */
  url: string;
  /** One line, such as `PostgreSQL 15.20, one node`. */
  engine: string;
  /** A smoke test: little data, few runs. */
  quick: boolean;
  /** CSV files of events up to now: 10 of 200,000 rows, or 2 of 2,000 when it has to be quick. */
  files: string[];
  /** Loads all files into our events and into the tutorial's, unless they are there. */
  retain(): Promise<void>;
  /** Has both sides roll up everything that is retained, unless they have. */
  rollUp(): Promise<void>;
  /** Tells how far it is. */
  report(line: string): void;
}

export interface Case {
  name: string;
  title: string;
  /** Only when it is named: takes long. @default false */
  onDemand?: boolean;
  run(bench: Bench): Promise<Measurement[]>;
}

/** Prints each pair as it comes. */
export const pairReporter =
  ({ report }: Bench, what: string, pairs: number, unit: string) =>
  (pair: number, ours: number, other: number): void => {
    const shown = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
    report(`${what}, pair ${pair} of ${pairs}: ${shown(ours)} against ${shown(other)} ${unit}`);
  };
