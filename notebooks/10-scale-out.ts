// %% [markdown]
// # Add a node and move a customer, while events come in
//
// **15 minutes.** One server is plenty for a long time. When it is not, Citus spreads the same tables over several.
// You see where each customer lives, add a node and move part of the data to it while the live stream goes on, and
// give the biggest customer a place of its own. In the end every event is counted, once.
//
// **What you need:** rolled-up events; `ready` makes some if there are none. Several nodes show all of it. On one
// server the same pictures are *computed*: the hash that places a customer is PostgreSQL's own.

// %%
import { atLeast, checkpoint, COLOURS, countTasks, describeServer, drawPlot, exercise, drawShardMap,
  findCustomer, type Home, html, isolateCustomer, type LoadSample, listNodes, mapShards, matching,
  needsSeveralNodes, progressBar, query, ready, rebalance, recount, rollUpAll, type Shard, show, summary, table,
  unburden, underLoad } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';

const db = await ready('10');
const server = await describeServer(db);
const isCluster = server.nodes.some((node) => node.role === 'worker');

// %% [markdown]
// ## Which customer lives where?
//
// A table that is distributed by `customer_id` is cut into *shards*. A hash function turns the id into a number
// between -2,147,483,648 and 2,147,483,647, as good as drawn by lot but the same each time. That range is cut into 8
// pieces of equal length, and each piece is a shard: an ordinary table on some node.

// %%
await show(db, `
  select customer_id, hashint8(customer_id) as hash,
         1 + (hashint8(customer_id) + 2147483648) / 536870912 as shard
    from generate_series(1, 6) as customer_id`);

// %% [markdown]
// ### Exercise 10.1: 32 shards
//
//
// Citus makes 32 shards unless it is told otherwise.
//
// **Task:** change the query so that it says where these six customers live when the same range is cut into
// 32 pieces. **Done when** all six are in the right one.
//
// <details><summary>Hint</summary>
//
// Of 8 pieces, each is 536,870,912 numbers long.
//
// </details>
//
// **Read:** [choosing the shard count](https://docs.citusdata.com/en/stable/faq/faq.html#how-do-i-choose-the-shard-count-when-i-hash-partition-my-data)

// %%
let places = `
  select customer_id, 1 + (hashint8(customer_id) + 2147483648) / 536870912 as shard
    from generate_series(1, 6) as customer_id`;
//#region solution
places = `
  select customer_id, 1 + (hashint8(customer_id) + 2147483648) / 134217728 as shard
    from generate_series(1, 6) as customer_id`;
//#endregion
await exercise('10.1', db, places);

// %% [markdown]
// ## The shard map
//
// Each area is a node and each column a piece of the range. Blocks are as high as they have rows, and the number
// counts events. On a single server the map is an imagined one: what Citus would do with these very rows on two
// workers.

// %%
const map = await mapShards(db);
drawShardMap(map, { title: isCluster ? 'The shard map' : 'The shard map that Citus would make' });

// %% [markdown]
// In each column stand three tables: the raw events of some customers, and the rollups of the *same* customers.
// They are cut at the same places and kept on the same node. This is *co-location*, and it is why a rollup never
// sends an event over the network: each node rolls up its own customers, all nodes at once.
//
// A fourth table stands there too and is left out of the picture: `rollup_progress`, a row for each customer.

// %%
const sum = (shards: Shard[], of: string) =>
  shards.filter((shard) => shard.table_name === of).reduce((total, shard) => total + shard.rows, 0);
table([...new Set(map.map((shard) => shard.node))].sort().map((node) => {
  const here = map.filter((shard) => shard.node === node);
  return {
    node,
    shards: new Set(here.map((shard) => shard.shard)).size,
    customers: sum(here, 'rollup_progress'),
    events: sum(here, 'events'),
    ...(isCluster && { megabytes: here.reduce((total, shard) => total + shard.bytes! / 1e6, 0) }),
  };
}));

// %% [markdown]
// ## Skew
//
// The hash spreads *customers* evenly, and customers are not alike. Below, each bar is a shard: the biggest customer
// in red, the next nine in orange, the hundreds of others in light blue. The dashed line is what each would hold if all
// were equal.

// %%
const customers = await query<{ customer_id: number; hash: number; events: number }>(db, `
  select customer_id, hashint8(customer_id) as hash, sum(event_count)::bigint as events
    from rollup_events_1hr group by customer_id order by events desc, customer_id`);
const sizes = ['all others', 'the next nine', 'biggest customer'];
const pieces = map.filter((shard) => shard.table_name === 'events');
const pieceOf = (hash: number) =>
  pieces.find((piece) => piece.hash_from <= hash && hash <= piece.hash_to);
const shares = customers.map((customer, rank) => ({
  ...customer,
  shard: pieceOf(customer.hash)?.shard,
  size: sizes[rank === 0 ? 2 : rank < 10 ? 1 : 0],
}));
const total = customers.reduce((events, customer) => events + customer.events, 0);

// %%
drawPlot({
  title: 'Events in each shard', width: 640, height: 260, marginLeft: 60, marginBottom: 40,
  x: { type: 'band', label: 'shard', labelAnchor: 'center' },
  y: { grid: true, label: 'events' },
  color: { domain: sizes, range: [COLOURS.sky, COLOURS.orange, COLOURS.red], legend: true },
  marks: [
    Plot.barY(shares,
      Plot.groupX({ y: 'sum' }, { x: 'shard', y: 'events', fill: 'size', order: sizes })),
    Plot.ruleY([total / pieces.length], { stroke: '#1b1b1b', strokeDasharray: '4 4' }),
    Plot.ruleY([0]),
  ],
});

// %% [markdown]
// ### Exercise 10.2: how heavy is the biggest?
//
//
// Before you add nodes, you want to know how much of all events one customer has.
//
// **Task:** write a query over `rollup_events_1hr` that gives the biggest customer and its share of all
// events, in percent. **Done when** it is right for a customer that the check makes very big.
//
// <details><summary>Hint</summary>
//
// A sum over a sum: `sum(sum(event_count)) over ()` is the sum of all groups. A sub-query does it, too.
//
// </details>
//
// **Read:** [window functions](https://www.postgresql.org/docs/current/tutorial-window.html)

// %%
let heaviest = `
  -- your query
`;
//#region solution
heaviest = `
  select customer_id,
         100.0 * sum(event_count) / (select sum(event_count) from rollup_events_1hr) as percent
    from rollup_events_1hr
   group by customer_id order by percent desc limit 1`;
//#endregion
await exercise('10.2', db, heaviest);

// %% [markdown]
// A shard cannot be cut inside a customer, so the biggest one sets a floor: no number of nodes makes its shard
// smaller. Further down it gets a shard of its own.
//
// ## One node answers, or all do
//
// `explain` tells how many queries to shards a statement becomes: its *task count*. A question about one customer
// is a *router query*: it goes to one node, so more nodes can answer more of them at the same time. A question about
// everybody asks all shards. The joins find each customer's progress on the same node, so that neither moves a row.

// %%
const biggest = customers[0]!.customer_id;
const behind = `
  select count(*) from events join rollup_progress using (customer_id) where event_id > last_id`;
const statements = {
  'events of one customer': 'select count(*) from events where customer_id = $1',
  'events of all customers': 'select count(*) from events where $1 > 0',
  'a join, one customer': `${behind} and customer_id = $1`,
  'a join, all customers': `${behind} and $1 > 0`,
};
const asked: { question: string; tasks: number; ms: number }[] = [];
for (const [question, statement] of Object.entries(statements)) {
  const tasks = await countTasks(db, statement, [biggest]);
  const started = performance.now();
  await db.query(statement, [biggest]);
  asked.push({ question, tasks, ms: performance.now() - started });
}
table(asked);

// %% [markdown]
// What if a join does *not* follow the customer? Which devices of one customer were seen at another? Rows would have
// to travel between nodes, and **Citus refuses on purpose**: a schema that never needs such a join is the
// point of distributing by customer.

// %%
const astray = 'select count(*) from events as here join events as there using (device_id)';
let refusal = '';
if (needsSeveralNodes(server, 'a task count above one, or a join that is refused')) {
  await countTasks(db, astray).catch((error: Error) => { refusal = error.message; });
  html(refusal ? `<em>Refused:</em> ${refusal}`
    : 'This cluster allows joins that move rows (citus.enable_repartition_joins).');
}

// %% [markdown]
// ## Why shards, and not simply "hash modulo nodes"?
//
// Place each row at `hash % nodes`, and nothing needs a map. Then add a node: most rows have a new place. With
// shards, a new node takes over a few whole shards and the others stay. The grey bars are computed with your customers
// and their events; the blue ones count shards of equal size.

// %%
const moved = [2, 3, 4, 5].flatMap((from) => {
  const moves = customers.filter(({ hash }) =>
    (hash + 2 ** 31) % from !== (hash + 2 ** 31) % (from + 1));
  const modulo = moves.reduce((sum, { events }) => sum + events, 0);
  const step = `from ${from} to ${from + 1} nodes`;
  return [
    { step, way: 'modulo', percent: (100 * modulo) / total },
    { step, way: 'shards', percent: (100 * Math.floor(8 / (from + 1))) / 8 },
  ];
});
drawPlot({
  title: 'Events that have to move, in percent', width: 640, height: 240, marginLeft: 60,
  x: { axis: null },
  fx: { label: null, axis: 'bottom' },
  y: { grid: true, label: null, domain: [0, 100] },
  color: { domain: ['modulo', 'shards'], range: [COLOURS.grey, COLOURS.blue], legend: true },
  marks: [
    Plot.barY(moved, { fx: 'step', x: 'way', y: 'percent', fill: 'way' }),
    Plot.text(moved, {
      fx: 'step', x: 'way', y: 'percent', text: (row) => row.percent.toFixed(0), dy: -7,
    }),
  ],
});

// %% [markdown]
// ## A new node
//
// A node that has just joined holds nothing, and Citus moves nothing there by itself. In a terminal,
// `npm run up -- --add-worker` starts one and makes it known (on a cluster of your own:
// `select citus_add_node('its-address', 5432)`). Do it now if you like, then run this cell.
//
// If there is no empty worker, the cell makes room instead: it moves a shard away from the last worker.

// %%
const workers = isCluster ? (await listNodes(db)).filter((node) => node.role === 'worker') : [];
const spare = workers.find((node) => node.shards === 0);
const canMove = workers.length > 1;
if (needsSeveralNodes(server, 'a node that joins')) {
  if (spare) html(`The worker ${spare.name}:${spare.port} holds nothing yet.`);
  else if (canMove) {
    html('No worker is empty. <code>npm run up -- --add-worker</code> in a terminal adds one. ' +
      'Without it, a shard moves away from the last worker, and another back below.');
    const bar = progressBar('Making room', { unit: 'shards' });
    await unburden(db, workers.at(-1)!, { onProgress: bar });
  } else
    html('There is one worker. <code>npm run up -- --add-worker</code> in a terminal adds another; ' +
      'then run this cell again.');
}
const areas = workers.map((node) => `${node.name}:${node.port}`);
const before = isCluster ? await mapShards(db) : map;
drawShardMap(before, { title: 'Before', nodes: isCluster ? areas : ['imagined worker 3'] });

// %% [markdown]
// ## Ask before you act
//
// Citus says which shards it would move, and where to. Whatever is co-located with them goes along.

// %%
const planned = needsSeveralNodes(server, 'a plan for moving shards')
  ? await query<{ from_node: string; to_node: string }>(db, '10-rebalance-plan.sql') : [];
if (planned.length) table(planned);

// %% [markdown]
// ## Rebalance, while events come in and are counted
//
// `underLoad` starts a live stream of 200 events a second and rolls it up again and again; meanwhile the shards move.
// While a shard is copied, writes to it wait.
//
// (By [logical replication](https://docs.citusdata.com/en/stable/develop/api_udf.html#citus-rebalance-start) Citus
// copies a shard while it is written to. That needs a *replica identity*, such as a primary key, in every table, and
// ours have none. A pause of seconds is a fair price here.)

// %% tags=["timeout-120"]
let samples: LoadSample[] = [];
let sent = 0;
const countEvents = async () => (await query<{ events: number }>(db,
  'select count(*) as events from events'))[0]!.events;
const eventsBefore = await countEvents();
if (needsSeveralNodes(server, 'moving shards from node to node') && canMove) {
  const bar = progressBar('Rebalancing', { unit: 'shards' });
  const load = await underLoad(db, () => rebalance(db, { onProgress: bar }));
  ({ samples, sent } = load);
  table([{ events_meanwhile: sent, refused_and_repeated: load.refusals.length }]);
}

// %% [markdown]
// The blue line is what the server has acknowledged, the orange one how far both rollups have come. The grey band is
// the time in which shards move: where the blue line is flat, writers wait for one.

// %%
const line = { curve: 'step-after', strokeWidth: 2 } as const;
const chartLoad = (title: string, shown: LoadSample[]) => {
  const working = shown.filter((sample) => sample.working).map((sample) => sample.seconds);
  drawPlot({
    title, width: 640, height: 240, marginLeft: 60, marginBottom: 40,
    x: { label: 'seconds', labelAnchor: 'center' },
    y: { grid: true, label: 'events' },
    color: {
      domain: ['acknowledged', 'counted'], range: [COLOURS.blue, COLOURS.orange], legend: true,
    },
    marks: [
      Plot.rectX([0], { x1: working[0], x2: working.at(-1), fill: '#eceef0' }),
      Plot.lineY(shown, { x: 'seconds', y: 'sent', stroke: () => 'acknowledged', ...line }),
      Plot.lineY(shown, { x: 'seconds', y: 'counted', stroke: () => 'counted', ...line }),
    ],
  });
};
if (samples.length) chartLoad('A stream while shards move', samples);

// %%
const grown = map.map((shard) => (shard.shard > 6 ? { ...shard, node: 'imagined worker 3' } : shard));
const after = isCluster ? await mapShards(db) : grown;
drawShardMap(after, { title: isCluster ? 'After' : 'After, with a third worker', nodes: areas });
const left = isCluster ? await query(db, '10-rebalance-plan.sql') : [];

// %% [markdown]
// ## A shard for one customer
//
// The biggest customer shares a shard with many others.
// `isolate_tenant_to_new_shard` cuts the shard three ways: the hashes below this customer's, this one
// hash, and those above. Co-located tables are cut at the same places (`cascade`). Again, the stream goes on.
//
// The three new shards have new numbers. A writer that was waiting for the old one may find it gone and be *refused*:
// nothing of its batch is in the database, so the stream sends it again, and a rollup runs again. Any application
// that writes to a cluster must be ready to do so.

// %% tags=["timeout-120"]
let alone = after;
const cut: (Home | undefined)[] = [];
if (needsSeveralNodes(server, 'a shard for one customer')) {
  if ((await findCustomer(db, biggest))?.alone)
    html(`Customer ${biggest} has a shard of its own already, from an earlier run. ` +
      '<code>npm run reset -- 10</code> undoes it.');
  else {
    cut.push(await findCustomer(db, biggest));
    const load = await underLoad(db, () => isolateCustomer(db, biggest));
    cut.push(await findCustomer(db, biggest));
    chartLoad(`Cutting out customer ${biggest}`, load.samples);
    html(load.refusals.map((message) => `<em>Refused and repeated:</em> ${message}`).join('<br>'));
    sent += load.sent;
  }
  alone = await mapShards(db);
}

// %% [markdown]
// The framed shard is the customer's. On a cluster that has been cut, everything to its left and right belongs to
// others, and it could now move to a node of its own. On one server, the table says what that would bring.

// %%
const hash = customers[0]!.hash;
const home = alone.find((shard) => shard.hash_from <= hash && hash <= shard.hash_to)!;
drawShardMap(alone, { title: `Where customer ${biggest} lives`, framed: home.shard, nodes: areas });
const shared = pieceOf(hash)!;
table([
  { shard: 'as it was', events: shared.rows },
  { shard: `customer ${biggest} alone`, events: customers[0]!.events },
  { shard: 'the others in it', events: shared.rows - Math.min(shared.rows, customers[0]!.events) },
]);

// %% [markdown]
// ## Checkpoints
//
// The rollups ran again and again, through moving and cutting. One last run counts what came at the very end; then
// everything is counted again.

// %%
await rollUpAll(db);
const totals = await recount(db);
table(totals);

// %%
const events = await countEvents();
checkpoint('10.1', 'the shards hold every event', sum(await mapShards(db), 'events'), events);
const top = customers.slice(0, 10);
const homes = await Promise.all(
  top.map(({ customer_id }) => (isCluster ? findCustomer(db, customer_id) : undefined)));
const agreeing = top.filter(({ hash }, at) => {
  const piece = alone.find((shard) => shard.hash_from <= hash && hash <= shard.hash_to);
  return isCluster ? piece?.node === homes[at]?.node : piece;
});
checkpoint('10.2', 'the hash tells where the ten biggest customers live', agreeing.length, top.length);
checkpoint('10.3', 'a question about one customer goes to one node, a join too',
  [asked[0]?.tasks, asked[2]?.tasks], [1, 1]);
const percents = (way: string) => moved.filter((bar) => bar.way === way).map((bar) => bar.percent);
checkpoint('10.4', 'a new node moves most events by modulo, and fewer by shards',
  percents('modulo').every((percent, at) => percent > 50 && percent > percents('shards')[at]!), true);
checkpoint('10.5', 'every event is counted once',
  totals.map((row) => row.rolled_up_events), totals.map((row) => row.raw_events));
const eighths = [0, 1, 2, 3, 4, 5, 6, 7].map((eighth) =>
  customers.filter(({ hash }) => Math.floor((hash + 2 ** 31) / 2 ** 29) === eighth));
const unlike = (values: number[]) => Math.max(...values) / Math.min(...values);
checkpoint('10.6', 'shards are alike in customers, and unlike in events',
  [unlike(eighths.map((part) => part.length)) < 1.5,
    unlike(eighths.map((part) => part.reduce((sum, customer) => sum + customer.events, 0))) > 2], [true, true]);

// %% [markdown]
// And what only several nodes can show:

// %%
const all = isCluster ? pieces.length : 1;
checkpoint('10.7', `a question about all customers asks ${isCluster ? 'all shards' : 'the one server'}`,
  [asked[1]?.tasks, asked[3]?.tasks], [all, all]);
if (isCluster) {
  checkpoint('10.8', 'events came in before and after shards were moved and cut', sent, atLeast(600));
  checkpoint('10.9', 'what was acknowledged is there, once', events - eventsBefore, sent);
  checkpoint('10.10', 'the rebalance left nothing to move', left.length, 0);
  checkpoint('10.11', 'the biggest customer has a shard of its own',
    (await findCustomer(db, biggest))?.alone, true);
  const shards = await mapShards(db);
  const places = new Set(shards.map(({ shard, node, hash_from }) => `${shard} ${node} ${hash_from}`));
  checkpoint('10.12', 'after moving and cutting, the four tables of a shard are still together',
    shards.length, 4 * places.size);
  if (refusal)
    checkpoint('10.13', 'a join that does not follow the customer is refused', refusal, matching(/repartition/));
}

// %% [markdown]
// How the range was cut, where a rollup writes, which shards moved, and what cutting one has made of it:

// %%
const starts = new Set(pieces.map((piece) => piece.hash_from));
checkpoint('10.14', 'the range is cut into eighths',
  eighths.filter((_, eighth) => starts.has(eighth * 2 ** 29 - 2 ** 31)).length, 8);
if (isCluster) {
  const plan = await query(db, `explain insert into rollup_events_5min as rollup
    select customer_id, event_type, country, browser,
           date_bin('5 minutes', event_time, '2000-01-01 00:00+00'::timestamptz), count(*),
           hll_add_agg(hll_hash_bigint(device_id), 11, 5, 32),
           hll_add_agg(hll_hash_bigint(session_id), 11, 5, 32), topn_add_agg(device_id::text)
      from events group by 1, 2, 3, 4, 5
    on conflict (customer_id, minute, event_type, country, browser)
    do update set event_count = rollup.event_count + excluded.event_count`);
  checkpoint('10.15', 'a rollup is written where its events are',
    /INSERT\/SELECT method/.test(JSON.stringify(plan)), false);
  const homeOf = new Map(before.map(({ shard, node }) => [shard, node]));
  const movers = after.filter((one) => one.table_name === 'events' && homeOf.get(one.shard) !== one.node);
  checkpoint('10.16', 'shards moved as planned, and the others stayed',
    movers.map((one) => `${homeOf.get(one.shard)} to ${one.node}`).sort(),
    planned.map((one) => `${one.from_node} to ${one.to_node}`).sort());
  const eventShards = (shards: Shard[]) => shards.filter((one) => one.table_name === 'events').length;
  if (cut.length) checkpoint('10.17', 'cut out: two shards more, and another number',
    [eventShards(alone) - eventShards(after), cut[0]!.shard_id !== cut[1]!.shard_id], [2, true]);
}

// %%
summary({
  learned: [
    'a shard is a piece of the range of hashes; co-located tables are cut at the same places',
    'a question about one customer asks one node, whatever their number',
    'shards move and are cut while events come in, and the rollups stay exact',
  ],
  next: '11-trust',
});

// %% [markdown]
// **Read more:** [Citus: choosing a distribution
// column](https://docs.citusdata.com/en/stable/sharding/data_modeling.html)
