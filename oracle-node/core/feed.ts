import { concatBytes } from '@noble/hashes/utils.js'
import { fromHex, type Hex, toHex } from './bytes.ts'
import { invariant } from './errors.ts'

/** A feed's name on chain: `<ASSET>/USD` in ASCII, padded with zeros to 32 bytes. */
export type FeedId = Hex

/** @throws {InvariantError} unless the asset is 1 to 28 capital letters, digits, dots or dashes. */
export function feedOf(asset: string): FeedId {
  invariant(/^[A-Za-z0-9.-]{1,28}$/.test(asset), `an asset has 1 to 28 letters, digits, dots or dashes, got ${asset}`)
  const name = new TextEncoder().encode(`${asset}/USD`)
  return toHex(concatBytes(name, new Uint8Array(32 - name.length)))
}

/** The asset of a feed that {@link feedOf} made. */
export function assetOf(feed: FeedId): string {
  const bytes = feed.slice(2).match(/../g) ?? []
  const text = String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 16)).filter((byte) => byte !== 0))
  invariant(text.endsWith('/USD'), `not a USD feed: ${feed}`)
  return text.slice(0, -'/USD'.length)
}

/** Whether 32 bytes are a feed that {@link feedOf} makes: those from outside need not be. */
export function isFeed(feed: Hex): feed is FeedId {
  const text = String.fromCharCode(...fromHex(feed, 32)).replace(/\0+$/, '')
  return /^[A-Za-z0-9.-]{1,28}\/USD$/.test(text)
}
