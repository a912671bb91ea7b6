import { existsSync } from 'node:fs'
import type { History, HistoryDescription } from '../../data/recorded/history.ts'
import { startWithin } from '../../data/recorded/history.ts'
import { hasRecordings, RECORDED_START, recordedHistory } from '../../data/recorded/recorded-history.ts'
import { SYNTHETIC_HOURS_MAX, SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import type { UnixSeconds } from '../core/units.ts'
import type { NetworkOptions } from './network.ts'

/** Where the recorded data lie beside a checkout. */
const BESIDE = new URL('../../../shared/data/', import.meta.url).pathname
export type Input = {
  readonly market: NetworkOptions['market']
  readonly description: Omit<HistoryDescription, 'source'> & { readonly source: HistoryDescription['source'] | 'live' }
}

/**
 * What the network is fed: the recordings that were asked for or lie beside the checkout, else the simulator; or the live venues.
 * @throws {Error} that says what is wrong with the folder or the start.
 */
export function chooseInput(options: {
  readonly live?: boolean
  readonly data?: string
  readonly simulate?: boolean
  readonly from?: number
  readonly seed: number
}): Input {
  if (options.live === true) {
    const note = 'The venues’ public endpoints, and the wall clock.'
    return { market: { kind: 'live' }, description: { source: 'live', files: [], sha256: '', note } }
  }
  if (options.simulate === true && options.data !== undefined) {
    throw new Error('--simulate and --data are two inputs: give one')
  }
  if (options.data !== undefined && !existsSync(options.data)) throw new Error(`--data ${options.data}: no such folder`)
  const beside = options.simulate !== true && hasRecordings(BESIDE) ? BESIDE : undefined
  const folder = options.data ?? beside
  if (folder !== undefined) return replay(recordedHistory(folder), options.from ?? RECORDED_START)
  const from = (options.from ?? SYNTHETIC_START) as UnixSeconds
  return replay(syntheticHistory({ seed: String(options.seed), from, hours: SYNTHETIC_HOURS_MAX }), from)
}

function replay(history: History, from: number): Input {
  return { market: { kind: 'replay', history, from: startWithin(history, from) }, description: history.describe() }
}
