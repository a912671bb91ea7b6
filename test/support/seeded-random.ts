import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import type { RandomBytes } from '../../oracle-node/core/threshold.ts'

/** Bytes and numbers from a seed, by SHA-256 in counter mode: the same on every machine. */
export type SeededRandom = {
  readonly bytes: RandomBytes
  /** Whole, from 0 to limit − 1. */
  readonly below: (limit: number) => number
  readonly chance: (probability: number) => boolean
}

export function seededRandom(seed: string | number): SeededRandom {
  let counter = 0
  const bytes: RandomBytes = (length = 32) => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      counter += 1
      out.set(sha256(concatBytes(utf8ToBytes(`${seed}:${counter}`))).subarray(0, length - at), at)
    }
    return out
  }
  const below = (limit: number): number => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes(4)
    return Math.floor(((((a * 256 + b) * 256 + c) * 256 + d) / 2 ** 32) * limit)
  }
  return { bytes, below, chance: (probability) => below(1_000_000) < probability * 1_000_000 }
}
