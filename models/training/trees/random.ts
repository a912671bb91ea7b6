/** Numbers in [0, 1), from a seed: a Weyl sequence through a mixing function, as SplitMix does (Steele, Lea and Flood 2014), in 32 bits. */
export function uniforms(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let bits = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32
  }
}

/** `share` of 0 … count − 1, at least one, without repetition and rising: selection sampling (Knuth, volume 2, 3.4.2, algorithm S). */
export function sampleOf(count: number, share: number, uniform: () => number): Int32Array {
  const wanted = Math.max(1, Math.round(count * share))
  const chosen = new Int32Array(wanted)
  let taken = 0
  for (let index = 0; taken < wanted; index++) {
    // No draw when all are wanted: a share of 1 must not depend on the generator.
    if (wanted === count || uniform() * (count - index) < wanted - taken) chosen[taken++] = index
  }
  return chosen
}
