import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import ln from '@stdlib/math-base-special-ln'

/** Chance that repeats: the same name gives the same stream on every machine. */
export type Random = {
  /** Uniform in [0, 1), with 32 bits. */
  uniform(): number
  /** Standard normal. */
  normal(): number
}

/**
 * sfc32, Chris Doty-Humphrey's Small Fast Chaotic generator of PractRand with a 32-bit word (period at least 2³²), its state the
 * first twelve bytes of the name's SHA-256 and its counter 1; the first twelve outputs are thrown away, as its author does.
 * Normals by Marsaglia's polar method (1964), which needs only a square root and @stdlib's logarithm, so that bits do not
 * depend on the CPU.
 */
export function seededRandom(name: string): Random {
  const state = new DataView(sha256(utf8ToBytes(name)).buffer)
  let [a, b, c, counter] = [state.getInt32(0), state.getInt32(4), state.getInt32(8), 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let warm = 0; warm < 12; warm++) next()
  const uniform = (): number => next() / 2 ** 32
  let spare: number | undefined
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const square = x * x + y * y
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * ln(square)) / square)
        spare = y * scale
        return x * scale
      }
    }
  }
  return { uniform, normal }
}
