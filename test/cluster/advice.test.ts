import { expect, test } from 'vitest';
import { clusterAdvice } from '../../cluster/advice.ts';
import type { Instance } from '../../cluster/instance.ts';

const instance = { name: 'one', engine: 'postgres', programs: '/somewhere' } as Instance;
const containers: Instance = { ...instance, containers: { project: 'one', flavour: 'plain' } };

test.each([
  ['a server of their own', { url: 'postgres://host/db' }, /^Connect .*`DATABASE_URL`/],
  ['plain containers', { instance: containers }, /`WORKSHOP_FLAVOUR=citus npm run up`/],
  [
    'a server without Citus',
    { instance, offersCitus: () => false },
    /`WORKSHOP_ENGINE=docker npm run up`/,
  ],
  [
    'one node where Citus is there',
    { instance, offersCitus: () => true },
    /`npm run down -- --delete && npm run up`/,
  ],
])('the way to several nodes fits who has %s', (_who, situation, advice) => {
  expect(clusterAdvice(situation)).toMatch(advice);
});
