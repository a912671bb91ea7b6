import { concatBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, keccak, toHex } from './bytes.ts'
import type { FeedId } from './feed.ts'
import type { FeatureVector } from './prediction.ts'

/**
 * A commitment to what the models were given: keccak256 over (feed, spec hash, values as big-endian float64) in the feeds' order.
 * A node can be asked to open it. No two nodes need the same: it commits to this node's own bits.
 */
export function featuresHash(inputs: ReadonlyArray<{ readonly feed: FeedId; readonly features: FeatureVector }>): Hex {
  const parts = inputs.map(({ feed, features }) => {
    const values = new DataView(new ArrayBuffer(8 * features.values.length))
    features.values.forEach((value, index) => {
      values.setFloat64(8 * index, value)
    })
    return concatBytes(fromHex(feed, 32), fromHex(`0x${features.specHash}`, 32), new Uint8Array(values.buffer))
  })
  return toHex(keccak(...parts))
}
