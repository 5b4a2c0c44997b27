// The kit in the order in which the chapters use it.
import './globals.ts';

export { CHAPTERS } from './chapters.ts';
export * from './charts.ts';
export { atLeast, between, checkpoint, matching, summary } from './check.ts';
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
export { connect, type Database, databaseUrl, shownUrl } from './connect.ts';
export {
  AlreadyLoadedError,
  CsvError,
  LoadError,
  type LoadResult,
  loadCsv,
  loadStream,
} from './copy.ts';
export type { LoadProgress } from './copy-progress.ts';
export {
  biggestCustomers,
  lastMinutes,
  latestTime,
  type Question,
  sessionsOfWeek,
  topDevices,
  trendByHour,
} from './dashboard.ts';
export { makeFiles, standardFiles } from './data.ts';
export { display, html, Live, type MimeBundle, markdown } from './display.ts';
export { exercise } from './exercises/index.ts';
export * from './pictures/index.ts';
export { progressBar } from './progress.ts';
export { ready, resetTo } from './ready.ts';
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
export { describeServer, needsSeveralNodes, type Server, serverLine } from './server.ts';
export { drawShardMap } from './shard-map.ts';
export { query, readSql, runFile, show, showFile } from './sql.ts';
export { type EventStream, streamEvents } from './stream.ts';
export { table } from './table.ts';
export { type OpenTransaction, openTransaction } from './transaction.ts';
export { type LoadSample, underLoad } from './under-load.ts';
