/**
 * Reads the registers out of an `hll` value: how long a run of zeros each of them has seen, plus one.
 *
 * Layout: https://github.com/aggregateknowledge/hll-storage-spec (schema version 1). A small set is kept as a list of
 * hashes (`EXPLICIT`); its registers are those that the same hashes would have filled.
 *
 * @param value as PostgreSQL shows it, such as `\x118b7f`
 * @throws when it is of another version, or damaged
 */
export function hllRegisters(value: string): number[] {
  const bytes = Buffer.from(value.replace(/^\\x/, ''), 'hex');
  const [version = 0, parameters = 0] = bytes;
  if (bytes.length < 3 || version >> 4 !== 1)
    throw new Error(
      `Expected \`value\` to be an hll of schema version 1, got \`${value.slice(0, 20)}\``,
    );
  const width = (parameters >> 5) + 1;
  const log2m = parameters & 31;
  const registers = new Array<number>(2 ** log2m).fill(0);
  const data = bytes.subarray(3);
  switch (version & 15) {
    case 1: // empty
      return registers;
    case 2: // explicit
      for (let at = 0; at + 8 <= data.length; at += 8)
        addHash(registers, data.readBigUInt64BE(at), { width, log2m });
      return registers;
    case 3: // sparse
      for (const word of readWords(data, log2m + width))
        registers[word >> width] = word & (2 ** width - 1);
      return registers;
    case 4: // full
      return readWords(data, width).slice(0, registers.length);
    default:
      throw new Error('Expected `value` to be a set, got the undefined hll');
  }
}

// the low bits choose a register, which keeps the longest run of zeros above them
function addHash(registers: number[], hash: bigint, { width, log2m }: Shape): void {
  const index = Number(hash & (2n ** BigInt(log2m) - 1n));
  const rest = hash >> BigInt(log2m);
  if (rest === 0n) return;
  let run = 1;
  while (!((rest >> BigInt(run - 1)) & 1n)) run++;
  registers[index] = Math.max(registers[index] as number, Math.min(run, 2 ** width - 1));
}

// numbers of `width` bits each, packed without gaps; what is left over is padding
function readWords(data: Buffer, width: number): number[] {
  const words: number[] = [];
  let [word, bits] = [0, 0];
  for (const byte of data)
    for (let bit = 7; bit >= 0; bit--) {
      word = (word << 1) | ((byte >> bit) & 1);
      if (++bits < width) continue;
      words.push(word);
      [word, bits] = [0, 0];
    }
  return words;
}

interface Shape {
  width: number;
  log2m: number;
}
