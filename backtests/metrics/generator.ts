/**
 * A 32-bit generator in integer arithmetic alone, uniform in [0, 1): the same seed gives the same stream on every machine. Good enough to draw
 * days (its period is 2³²), never for keys. Mulberry32, by Tommy Ettinger.
 */
export function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
