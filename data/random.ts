/** Draws a number from 0 (included) to 1 (excluded). */
export type Random = () => number;

/**
 * Random numbers that a seed fixes: sfc32, "small fast counting" by Chris Doty-Humphrey, from his test
 * suite PractRand (https://pracrand.sourceforge.net/RNG_engines.txt; public domain). Passes PractRand, 1 ns a draw.
 *
 * @param seed any whole number that a number holds exactly
 */
export function seededRandom(seed: number): Random {
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const draw = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 15; round++) draw(); // until each bit of the seed has reached each word
  return draw;
}

/**
 * Draws indexes of `weights`, each as often as its weight says, in constant time: the alias method
 * (M. D. Vose, "A linear algorithm for generating random numbers with a given distribution", 1991).
 *
 * @returns a function that turns a draw from 0 to 1 into an index
 */
export function weightedPicker(weights: readonly number[]): (draw: number) => number {
  const count = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const share = Float64Array.from(weights, (weight) => (weight * count) / total);
  const alias = Uint32Array.from(weights, (_, index) => index);
  const small = [...share.keys()].filter((index) => share[index] < 1);
  const large = [...share.keys()].filter((index) => share[index] >= 1);
  const kept = share.slice();
  while (small.length && large.length) {
    const poor = small.pop() as number;
    const rich = large[large.length - 1];
    alias[poor] = rich;
    kept[rich] -= 1 - kept[poor];
    if (kept[rich] < 1) small.push(large.pop() as number);
  }
  for (const index of [...small, ...large]) kept[index] = 1; // what rounding left over
  return (draw) => {
    const place = draw * count;
    const index = Math.floor(place);
    return place - index < kept[index] ? index : alias[index];
  };
}

/** The weights of a Zipf distribution: rank 1 first, rank `r` with `1 / r ** exponent`. */
export function zipfWeights(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, index) => 1 / (index + 1) ** exponent);
}

/**
 * Scatters a whole number over 32 bits, the same way each time: the finalizer of MurmurHash3 by Austin Appleby
 * (https://github.com/aappleby/smhasher; public domain).
 */
export function scatter(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
