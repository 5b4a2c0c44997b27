// The table of contents: what cells import, in the order in which the chapters use it.
import './globals.ts';

// Every chapter: begin, ask the database, show, check.

export { atLeast, between, checkpoint, matching, summary } from './check.ts';
export { display, html, Live, type MimeBundle, markdown } from './display.ts';
export { exercise } from './exercises/index.ts';
export { ready, resetTo } from './ready.ts';
export { query, readSql, runFile, show, showFile } from './sql.ts';
export { table } from './table.ts';

// 01: a connection, and what answers on it.

export { connect, type Database, databaseUrl, shownUrl } from './connect.ts';
export { describeServer, needsSeveralNodes, type Server, serverLine } from './server.ts';

// 02 to 04: pictures that explain; a transaction that stays open.

export * from './pictures/index.ts';
export { type OpenTransaction, openTransaction } from './transaction.ts';

// 05: events, into the database by COPY.

export {
  AlreadyLoadedError,
  CsvError,
  LoadError,
  type LoadResult,
  loadCsv,
  loadStream,
} from './copy.ts';
export type { LoadProgress } from './copy-progress.ts';
export { makeFiles } from './data.ts';
export { progressBar } from './progress.ts';

// 06: into the rollups, and counted again.

export {
  type Recount,
  recount,
  rollUpAll,
  rollUpHours,
  rollUpMinutes,
  type Watermark,
  type Window,
  watermarks,
} from './rollup.ts';

// 07: out of them, and drawn.

export { COLOURS, drawPlot, drawVegaLite } from './charts.ts';
export {
  biggestCustomers,
  lastMinutes,
  latestTime,
  type Question,
  sessionsOfWeek,
  topDevices,
  trendByHour,
} from './dashboard.ts';

// 08: events that come in while the cells go on.

export { type EventStream, streamEvents } from './stream.ts';

// 10: the nodes, and work on them while events come in.

export {
  type ClusterNode,
  countTasks,
  findCustomer,
  type Home,
  isolateCustomer,
  listNodes,
  mapShards,
  rebalance,
  type Shard,
  unburden,
} from './cluster.ts';
export { drawShardMap } from './shard-map.ts';
export { type LoadSample, underLoad } from './under-load.ts';
