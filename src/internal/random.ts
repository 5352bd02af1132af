/**
 * Creates a generator of uniform numbers in [0, 1) with 32 random bits each: sfc32 of C.
 * Doty-Humphrey's PractRand. The same seed gives the same sequence. `tf.randomUniform` cannot draw
 * row indices: with dtype int32 it rounds, which halves the probability of both ends, and float32
 * cannot represent every index of more than 2^24 rows.
 *
 * @param seed The low 32 bits of the seed, or a safe integer that holds all of them.
 * @param high The high 32 bits of the seed; default those of `seed`.
 */
export function randomSource(
  seed: number = Math.floor(Math.random() * 2 ** 53),
  high: number = Math.floor(seed / 2 ** 32),
): () => number {
  let [a, b, c, count] = [0, seed | 0, high | 0, 1];
  const next = () => {
    const sum = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 15; i++) next(); // spreads the seed over the state
  return next;
}
