import { expect, test } from 'vitest'
import { dueReports, type Triggers } from '../../oracle-node/app/due-reports.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { Report } from '../../oracle-node/core/report.ts'
import { unixSeconds } from '../../oracle-node/core/units.ts'
import { sampleRecord } from '../contracts/samples.ts'
import { manualClock } from '../support/manual-clock.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'

const AT = 1_700_000_000
const triggers: Triggers = {
  heartbeatSeconds: 3_600,
  priceBps: 50,
  riskBps: 100,
  depthBps: 2_000,
  assets: { WBTC: { priceBps: 500 } },
}

const reportOf = (round: number, asset: string, priceE8: bigint): Report => ({
  epoch: 1,
  round,
  time: unixSeconds(AT),
  modelSet: `0x${'77'.repeat(32)}`,
  observationsRoot: `0x${'00'.repeat(32)}`,
  values: [{ feed: feedOf(asset), record: sampleRecord({ priceE8, observedAt: unixSeconds(AT) }) }],
})

function start(asset = 'WETH') {
  let onChain = 0
  const clock = manualClock(AT)
  const telemetry = memoryTelemetry()
  const isDue = dueReports({ chain: { latestRound: async () => onChain }, clock, telemetry, triggers })
  return {
    clock,
    telemetry,
    /** Certifies a report, and stores it when it is due. */
    certify: async (round: number, priceE8: bigint): Promise<boolean> => {
      const due = await isDue(reportOf(round, asset, priceE8))
      if (due) onChain = round
      return due
    },
    overtake: (round: number): void => {
      onChain = round
    },
  }
}

test('a report is compared with what the chain has, not with the one before: small steps add up', async () => {
  const { certify, telemetry } = start()
  expect(await certify(1, 1_000_000n)).toBe(true)
  expect(await certify(2, 1_002_000n)).toBe(false)
  expect(await certify(3, 1_004_000n)).toBe(false)
  expect(await certify(4, 1_005_000n)).toBe(true)
  expect(await certify(5, 1_005_000n)).toBe(false)
  expect(telemetry.lines.filter(({ event }) => event === 'report-due').map(({ fields }) => fields['reasons'])).toEqual([
    ['WETH: first'],
    ['WETH: price'],
  ])
})

test('the heartbeat brings an unchanged report', async () => {
  const { certify, clock } = start()
  await certify(1, 1_000_000n)
  clock.set(AT + 3_599)
  expect(await certify(2, 1_000_000n)).toBe(false)
  clock.set(AT + 3_600)
  expect(await certify(3, 1_000_000n)).toBe(true)
})

test('an asset’s own trigger goes before the common one', async () => {
  const { certify } = start('WBTC')
  await certify(1, 1_000_000n)
  expect(await certify(2, 1_040_000n)).toBe(false)
  expect(await certify(3, 1_050_000n)).toBe(true)
})

test('when the chain’s round is not known here, the report is due', async () => {
  const { certify, overtake } = start()
  await certify(1, 1_000_000n)
  overtake(7)
  expect(await certify(8, 1_000_000n)).toBe(true)
})
