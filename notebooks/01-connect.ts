// %% [markdown]
// # Connect, and find out what you are connected to
//
// **3 minutes.** A connection, the first statement, and one fact to hold on to through the workshop: is this
// one server, or a cluster of several?
//
// **What you need:** a running database. `npm start` has started one; `npm run up` in a terminal starts it
// too.

// %% [markdown]
// ## Open a connection
//
// `ready` calls `connect`, which opens a *pool*: a handful of connections that statements take in turn. Its
// name is `db` in every chapter. The address comes from the environment variable `DATABASE_URL` if you set it,
// otherwise from the database that the kit started for you. It is shown without its password.

// %%
import { checkpoint, connect, databaseUrl, describeServer, listNodes, matching, needsSeveralNodes,
  query, ready, serverLine, show, shownUrl, summary, table } from '../lib/index.ts';

const db = await ready('01');
shownUrl(databaseUrl());

// %% [markdown]
// ## Ask a first question
//
// `show` sends a statement and shows the rows. Values never stand inside the text: they travel beside it as
// `$1`, `$2`, so that nobody's input can become SQL.

// %%
await show(
  db,
  `select $1::text as greeting, now() as server_time, current_database() as database`, ['hello']);

// %% [markdown]
// `query` does the same and hands you the rows as TypeScript objects. `interface` says what a row looks like,
// and the editor helps from there: type `row.` in a new cell and press *Tab*. (A cell shows the value of its
// last line.)

// %%
interface Answer {
  answer: number;
  big: number;
}
const [row] = await query<Answer>(db, `select 6 * 7 as answer, 2::bigint ^ 40 as big`);
row;

// %% [markdown]
// ## One server or several?
//
// This workshop runs the same SQL on two engines. **PostgreSQL** is one server, and it is plenty for a long
// time. **Citus** is an extension that spreads tables over several servers, its *nodes*: a *coordinator*, which
// you talk to, and *workers*, which hold the rows. Where a chapter shows something that takes several nodes, it
// says so.

// %%
const server = await describeServer(db);
table(
  server.nodes.map(({ name, port, role }) => ({ name, port, role })),
  { caption: serverLine(server) },
);

// %% [markdown]
// On a cluster, a node that `takes_shards` may hold rows: a *shard* is a part of a table (chapter 02). The
// coordinator of the kit's own cluster holds none. It knows where they are, and sends each question there.

// %%
const nodes = needsSeveralNodes(server, 'a look at the workers') ? await listNodes(db) : [];
if (nodes.length) table(nodes);

// %% [markdown]
// ## What could go wrong
//
// The address is wrong, or nothing answers there. The next cell **fails on purpose**, and catches the error to
// show its message: where it looked, and what to do next.

// %%
const refused = await connect('postgres://nobody@127.0.0.1:1/nowhere').catch(
  (error: Error) => error.message,
);
refused as string;

// %% [markdown]
// ## Checkpoint

// %%
checkpoint('01.1', 'the server answers', row?.answer, 42);
checkpoint('01.2', 'it is PostgreSQL 15 or newer', server.version, matching(/^(1[5-9]|[2-9]\d)\b/),
  'The kit needs PostgreSQL 15 or newer: `npm run doctor` says which one this is.');
checkpoint('01.3', 'a wrong address says what to do',
  String(refused), matching(/Cannot connect to .*\. (Run|DATABASE_URL)/s));
checkpoint('01.4', 'an address is shown without its password',
  ['postgres://me:secret@db/app', 'postgres://me@db/app?password=secret'].map((url) => shownUrl(url)).join(' '),
  'postgres://me:***@db/app postgres://me@db/app?password=***');
const input = `'; drop table events; --`;
const [echo] = await query<{ said: string }>(db, 'select $1::text as said', [input]);
checkpoint('01.5', 'a value that looks like SQL stays a value', echo?.said, input);
const { DATABASE_URL: given } = process.env;
process.env.DATABASE_URL = 'postgres://me@db/app';
checkpoint('01.6', '`DATABASE_URL` comes first', databaseUrl(), 'postgres://me@db/app');
if (given) process.env.DATABASE_URL = given;
else delete process.env.DATABASE_URL;
if (nodes.length) checkpoint('01.7', 'rows are on nodes that take shards',
  nodes.filter((node) => !node.takes_shards && node.shards > 0).length, 0);

// %%
summary({
  learned: [
    'a pool of connections, statements with parameters, rows with types',
    'which engine you are on: the chapters are the same on both',
  ],
  next: '02-schema',
});
