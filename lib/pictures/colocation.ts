import { COLOURS } from '../charts.ts';
import { format } from '../table.ts';
import { arrow, box, FAINT, INK, type Point, picture, text, WIDTH } from './svg.ts';

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
  const range = `range ${ranges.indexOf(home?.min ?? Number.NaN) + 1} of ${ranges.length}`;
  const stacks = stacksOf(shards, { nodes, ranges, home: home?.min });
  const bottom = TOP + HEAD + tables.length * ROW + FOOT;
  return picture(
    {
      height: bottom + 24,
      title: `Everything of customer ${customerId} lives on one node`,
      description:
        `Customer ${customerId} hashes to ${hash}, ${range}, on ${home?.node}. There its shards of ` +
        `${tables.join(', ')} stand together, and its dashboard asks no other node.`,
    },
    [
      ...question(customerId, `hash(${customerId}) = ${format(hash)}, in ${range}`),
      text([24, TOP + HEAD - 14], 'hash range', { colour: FAINT }),
      ...tables.map((table, at) => text([24, TOP + HEAD + at * ROW + 36], table)),
      ...nodes.map((node) => nodeBox(node, stacks, bottom)),
      ...stacks.flatMap((stack) => drawStack(stack, tables)),
    ],
  );
}

interface Stack {
  node: string;
  tables: string[];
  number: number;
  isHome: boolean;
  x: number;
  width: number;
}

const [LEFT, TOP, HEAD, ROW, FOOT] = [200, 168, 56, 64, 46];

// nodes side by side, each with a column for each range that it holds
function stacksOf(shards: Shard[], { nodes, ranges, home }: Layout): Stack[] {
  const nodeWidth = (WIDTH - 24 - LEFT) / nodes.length;
  return nodes.flatMap((node, at) => {
    const own = shards.filter((shard) => shard.node === node);
    const mins = ranges.filter((range) => own.some(({ min }) => min === range));
    const width = (nodeWidth - 40) / mins.length;
    return mins.map((range, column) => ({
      node,
      tables: own.filter(({ min }) => min === range).map(({ table }) => table),
      number: ranges.indexOf(range) + 1,
      isHome: range === home,
      x: LEFT + at * nodeWidth + 20 + column * width,
      width,
    }));
  });
}

const question = (customerId: number, choice: string) => [
  box([24, 24], [352, 84], { colour: COLOURS.purple }),
  text([44, 58], ['dashboard of', `customer ${customerId}`]),
  arrow(
    [
      [384, 66],
      [446, 66],
    ],
    WAY,
  ),
  box([454, 24], [802, 84]),
  text([474, 58], 'coordinator', { bold: true }),
  text([474, 90], choice),
];

const WAY = { colour: COLOURS.red, width: 5 };

const nodeBox = (node: string, stacks: Stack[], bottom: number) => {
  const own = stacks.filter((stack) => stack.node === node);
  const left = Math.min(...own.map(({ x }) => x)) - 12;
  const right = Math.max(...own.map(({ x, width }) => x + width)) + 12;
  return [
    box([left, TOP], [right - left, bottom - TOP]),
    text([left + 20, bottom - 16], shorten(node, (right - left - 32) / 15), { bold: true }),
  ].join('\n');
};

// the end of a long name says more than its beginning
const shorten = (name: string, most: number) =>
  name.length <= most ? name : `…${name.slice(1 - Math.floor(most))}`;

const drawStack = ({ tables, number, isHome, x, width }: Stack, all: string[]) => {
  const middle = x + width / 2;
  return [
    // narrow columns have no room for numbers
    isHome || width > 44
      ? text([middle, TOP + HEAD - 14], String(number), {
          anchor: 'middle',
          bold: isHome,
          colour: isHome ? INK : FAINT,
        })
      : '',
    ...tables.map((table) => {
      const at = all.indexOf(table);
      return box([x + width * 0.08, TOP + HEAD + at * ROW], [width * 0.84, ROW - 10], {
        colour: at === 0 ? COLOURS.blue : at === all.length - 1 ? FAINT : COLOURS.green,
        solid: isHome,
        round: Math.min(6, width / 6),
      });
    }),
    ...(isHome ? wayTo(middle, x, [width, all.length * ROW]) : []),
  ];
};

const wayTo = (middle: number, x: number, [width, height]: Point) => [
  box([x, TOP + HEAD - 42], [width, height + 42], {
    colour: COLOURS.red,
    empty: true,
    thick: true,
  }),
  arrow(
    [
      [middle, 112],
      [middle, TOP + HEAD - 46],
    ],
    WAY,
  ),
  // on the side where there is room
  middle > WIDTH / 2
    ? text([middle - 20, 148], 'one query, one node', { anchor: 'end', bold: true })
    : text([middle + 20, 148], 'one query, one node', { bold: true }),
];

interface Layout {
  nodes: string[];
  ranges: number[];
  home: number | undefined;
}
