import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { decodeRecord } from '../../oracle-node/adapters/audit-block.ts'
import { auditFolder, openAuditor } from '../../oracle-node/app/audit.ts'
import type { Certified } from '../../oracle-node/app/round-driver.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { replayRecord } from '../../oracle-node/protocol/audit-record.ts'
import type { RoundSettings } from '../../oracle-node/protocol/round-state.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { certifiedRound, MODEL_IDS, signatoriesOf } from '../support/audit-records.ts'
import { settingsOf } from '../support/committee.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const world = makeWorld(4)

async function auditor(dataFolder = temporaryFolder(), settings: Partial<RoundSettings> = {}) {
  const telemetry = memoryTelemetry()
  const opened = await openAuditor({
    dataFolder,
    settings: settingsOf(world, nodeIndex(1), settings),
    modelIds: MODEL_IDS,
    telemetry,
  })
  onTestFinished(() => opened.close())
  return { ...opened, telemetry, dataFolder }
}

const entryOf = ({ report, digest, certificate }: Certified) =>
  ({ kind: 'certified', round: report.round, digest, certificate }) as const

test('a round that is kept replays against the committee of the node', async () => {
  const { keep, log, dataFolder } = await auditor()
  await keep(certifiedRound(world, 3))
  expect(existsSync(auditFolder(dataFolder))).toBe(true)
  const decoded = decodeRecord((await log.block(log.newest()?.cid ?? '')) ?? new Uint8Array())
  if (!decoded.ok) throw new Error(decoded.detail)
  expect(decoded.message.models.ids).toEqual(MODEL_IDS)
  expect(replayRecord(decoded.message, signatoriesOf(world))).toMatchObject({ equal: true })
})

test('what a crash left in the journal alone is caught up with, once, and nothing of other committees or models', async () => {
  const { keep, catchUp, log, dataFolder } = await auditor()
  await keep(certifiedRound(world, 1))
  const entries = [1, 2, 3].map((round) => entryOf(certifiedRound(world, round)))
  const forged = { ...entryOf(certifiedRound(world, 5)), digest: `0x${'12'.repeat(32)}` as const }
  await catchUp([...entries, entryOf(certifiedRound(makeWorld(7), 4)), forged])
  expect(log.entries().map(({ round }) => round)).toEqual([1, 2, 3])
  const other = await auditor(dataFolder, { modelSet: `0x${'12'.repeat(32)}` })
  await other.catchUp([entryOf(certifiedRound(world, 6))])
  expect(other.log.entryOf(6)).toBeUndefined()
})

test('a record that can’t be kept is said and counted, and the next one is kept', async () => {
  const { keep, log, telemetry } = await auditor()
  const sound = certifiedRound(world, 1)
  await keep({ ...sound, digest: '0x12' })
  expect(telemetry.counted('plimsoll_audit_failures_total')).toBe(1)
  expect(telemetry.lines.find(({ event }) => event === 'audit-failed')?.fields).toMatchObject({ round: 1 })
  await keep(sound)
  expect(log.newest()?.round).toBe(1)
})
