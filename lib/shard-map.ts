import * as Plot from '@observablehq/plot';
import { COLOURS, drawPlot } from './charts.ts';
import type { Shard } from './cluster.ts';
import type { Live } from './display.ts';

export interface ShardMapOptions {
  title?: string;
  /** Nodes that get an area even when they have no shard. */
  nodes?: string[];
  /** The shard with this number gets a frame. */
  framed?: number;
  /** The area to draw in. @default a new output */
  live?: Live;
}

/**
 * Draws where the rows are: an area for each node, a column for each piece of the range of hashes, and in it a block
 * for each table, as high as it has rows (all alike while there are none). Co-located shards stand on each other; the number above counts events.
 */
export function drawShardMap(
  shards: Shard[],
  { title = 'The shard map', nodes = [], framed, live }: ShardMapOptions = {},
): void {
  const empty = shards.every(({ rows }) => rows === 0);
  const drawn = shards
    .filter(({ table_name }) => TABLES.includes(table_name))
    .map((shard) => (empty ? { ...shard, rows: 1 } : shard));
  const columns = Map.groupBy(drawn, ({ shard }) => shard);
  const tops = [...columns.values()].map((column) => ({
    node: column[0]?.node,
    shard: column[0]?.shard,
    rows: column.reduce((sum, { rows }) => sum + rows, 0),
    events: column.find(({ table_name }) => table_name === 'events')?.rows ?? 0,
  }));
  const areas = [...new Set([...nodes, ...shards.map(({ node }) => node)])].sort();
  const height = 1.2 * Math.max(...tops.map(({ rows }) => rows));
  const slots = areas.flatMap((node) =>
    [...columns.keys()].map((shard) => ({ node, shard, height })),
  );
  drawPlot(
    {
      title,
      width: 700,
      height: 70 + 110 * areas.length,
      marginLeft: 140,
      marginTop: 24,
      marginBottom: 40,
      x: {
        type: 'band',
        domain: [...columns.keys()].sort((a, b) => a - b),
        label: 'shard',
        labelAnchor: 'center',
        tickSize: 0,
        padding: 0.08,
      },
      y: { axis: null, domain: [0, height] },
      fy: { axis: 'left', label: null, domain: areas, padding: 0.1 },
      color: { domain: TABLES, range: TABLE_COLOURS, legend: true },
      marks: [
        Plot.barY(slots, { fy: 'node', x: 'shard', y: 'height', fill: '#f1f2f4' }),
        Plot.barY(drawn, {
          fy: 'node',
          x: 'shard',
          y: 'rows',
          fill: 'table_name',
          order: TABLES,
          insetLeft: 4,
          insetRight: 4,
        }),
        Plot.text(tops, {
          fy: 'node',
          x: 'shard',
          y: 'rows',
          text: ({ events }) => (empty ? '' : shorten(events)),
          dy: -7,
        }),
        Plot.barY(
          tops.filter(({ shard }) => shard === framed),
          { fy: 'node', x: 'shard', y: 'rows', stroke: COLOURS.red, strokeWidth: 2, fill: 'none' },
        ),
      ],
    },
    live,
  );
}

// rollup_progress is there too: a row for each customer, too few to see
const TABLES = ['events', 'rollup_events_5min', 'rollup_events_1hr'];
const TABLE_COLOURS = [COLOURS.grey, COLOURS.blue, COLOURS.sky];

const shorten = (rows: number) =>
  rows < 1000 ? String(rows) : `${Math.round(rows / 1000).toLocaleString('en-US')}k`;
