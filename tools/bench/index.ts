import { backlog } from './backlog.ts';
import type { Case } from './bench.ts';
import { copy } from './copy.ts';
import { dashboard } from './dashboard.ts';
import { notebooks } from './notebooks.ts';
import { steady } from './steady.ts';
import { writers } from './writers.ts';

/** In this order: the first empties the table that the others fill, `steady` and `writers` add to what is in it. */
export const cases: Case[] = [copy, backlog, dashboard, steady, writers, notebooks];
