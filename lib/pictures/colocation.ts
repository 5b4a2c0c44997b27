import { COLOURS } from '../charts.ts';
import { format } from '../table.ts';
import { arrow, box, FAINT, INK, picture, text, WIDTH } from './svg.ts';

/** Where the shards of some tables live, and which of them hold one customer. */
export interface Placement {
  customerId: number;
  /** The hash of the customer's id, which chooses the range. */
  hash: number;
  shards: Shard[];
}

/** The rows of a table whose customers hash into a range; ranges of co-located tables are the same. */
export interface Shard {
  table: string;
  min: number;
  max: number;
  node: string;
}

/** Nodes with the shards of one hash range stacked, and the way of a query about one customer. */
export function colocationPicture({ customerId, hash, shards }: Placement): string {
  const tables = [...new Set(shards.map(({ table }) => table))];
  const ranges = [...new Set(shards.map(({ min }) => min))].sort((a, b) => a - b);
  const nodes = [...new Set(shards.map(({ node }) => node))].sort();
  const home = shards.find(({ min, max }) => min <= hash && hash <= max);
  const homeRange = ranges.indexOf(home?.min ?? Number.NaN);
  const stacks = stacksOf(shards, nodes);
  const target = stacks.find(({ min }) => min === home?.min);
  const bottom = TOP + HEAD + tables.length * ROW + 10;
  return picture(
    {
      height: bottom + 24,
      title: `Everything of customer ${customerId} lives on one node`,
      description:
        `Customer ${customerId} hashes to ${hash}, range ${homeRange + 1} of ${ranges.length}, on ${home?.node}. ` +
        `There its shards of ${tables.join(', ')} stand together, and its dashboard asks no other node.`,
    },
    [
      box([24, 24], [352, 84], { colour: COLOURS.purple }),
      text([44, 58], ['dashboard of', `customer ${customerId}`]),
      arrow(
        [
          [384, 66],
          [446, 66],
        ],
        { colour: COLOURS.red, width: 5 },
      ),
      box([454, 24], [802, 84]),
      text([474, 58], 'coordinator', { bold: true }),
      text(
        [474, 90],
        `hash(${customerId}) = ${format(hash)}, in range ${homeRange + 1} of ${ranges.length}`,
      ),
      ...nodes.map((node) => nodeBox(node, stacks, bottom)),
      text([24, TOP + HEAD - 16], 'hash range', { colour: FAINT }),
      ...tables.map((table, at) => text([24, TOP + HEAD + at * ROW + 36], table)),
      ...stacks.flatMap((stack) => [
        text([stack.x + stack.width / 2, TOP + HEAD - 16], String(ranges.indexOf(stack.min) + 1), {
          anchor: 'middle',
          bold: stack === target,
          colour: stack === target ? INK : FAINT,
        }),
        ...tables.flatMap((table, at) =>
          stack.tables.includes(table)
            ? box([stack.x + 9, TOP + HEAD + at * ROW], [stack.width - 18, ROW - 10], {
                colour: at === 0 ? COLOURS.blue : at === tables.length - 1 ? FAINT : COLOURS.green,
                solid: stack === target,
                round: 6,
              })
            : [],
        ),
      ]),
      ...(target
        ? [
            box([target.x, TOP + HEAD - 44], [target.width, tables.length * ROW + 46], {
              colour: COLOURS.red,
              empty: true,
              thick: true,
            }),
            arrow(
              [
                [target.x + target.width / 2, 112],
                [target.x + target.width / 2, TOP + HEAD - 48],
              ],
              { colour: COLOURS.red, width: 5 },
            ),
            ...sideNote(target.x + target.width / 2),
          ]
        : []),
    ],
  );
}

interface Stack {
  node: string;
  min: number;
  tables: string[];
  x: number;
  width: number;
}

const [LEFT, TOP, HEAD, ROW] = [200, 168, 92, 64];

// nodes side by side, each with a column for each range that it holds
function stacksOf(shards: Shard[], nodes: string[]): Stack[] {
  const nodeWidth = (WIDTH - 24 - LEFT) / nodes.length;
  return nodes.flatMap((node, at) => {
    const own = shards.filter((shard) => shard.node === node);
    const mins = [...new Set(own.map(({ min }) => min))].sort((a, b) => a - b);
    const width = (nodeWidth - 40) / mins.length;
    return mins.map((min, column) => ({
      node,
      min,
      tables: own.filter((shard) => shard.min === min).map(({ table }) => table),
      x: LEFT + at * nodeWidth + 20 + column * width,
      width,
    }));
  });
}

const nodeBox = (node: string, stacks: Stack[], bottom: number) => {
  const own = stacks.filter((stack) => stack.node === node);
  const [left, right] = [
    Math.min(...own.map(({ x }) => x)) - 12,
    Math.max(...own.map(({ x, width }) => x + width)) + 12,
  ];
  return [
    box([left, TOP], [right - left, bottom - TOP], { colour: FAINT }),
    text([left + 16, TOP + 34], node, { bold: true }),
  ].join('\n');
};

// beside the arrow, where there is room
const sideNote = (x: number) =>
  x > WIDTH / 2
    ? [text([x - 20, 148], 'one query, one node', { anchor: 'end', bold: true })]
    : [text([x + 20, 148], 'one query, one node', { bold: true })];
