import { BPS } from '../../oracle-node/core/units.ts'
import { POINT_SECONDS } from './market.ts'

export type FeedSettings = {
  /** A move from the last answer that brings a new one. */
  readonly deviationBps: number
  /** The longest time between two answers. */
  readonly heartbeatSeconds: number
  /** From the price to its answer on the chain; counted in whole points, rounded up. */
  readonly delaySeconds: number
}

/**
 * What a push oracle such as Chainlink's says at each point: its last answer, sent when the price had moved far enough from the answer
 * before (those under way included) or the heartbeat had passed, and arrived a while later. The first price is its answer from the start.
 * @throws {RangeError} for settings that no feed can have.
 */
export function priceFeed(prices: Float64Array, settings: FeedSettings): Float64Array {
  const { deviationBps, heartbeatSeconds, delaySeconds } = settings
  if (!(deviationBps >= 0 && heartbeatSeconds > 0 && delaySeconds >= 0)) {
    throw new RangeError(
      `a price feed needs deviationBps ≥ 0, heartbeatSeconds > 0 and delaySeconds ≥ 0, got ${deviationBps}, ${heartbeatSeconds} and ${delaySeconds}`,
    )
  }
  const delay = Math.ceil(delaySeconds / POINT_SECONDS)
  const answers = new Float64Array(prices.length)
  let sent = prices[0] ?? Number.NaN
  let sentAt = 0
  answers.fill(sent, 0, delay)
  for (let point = 0; point < prices.length; point++) {
    const price = prices[point] ?? Number.NaN
    const moved = Math.abs(price - sent) * BPS >= deviationBps * sent
    if (moved || (point - sentAt) * POINT_SECONDS >= heartbeatSeconds) {
      sent = price
      sentAt = point
    }
    if (point + delay < answers.length) answers[point + delay] = sent
  }
  return answers
}
