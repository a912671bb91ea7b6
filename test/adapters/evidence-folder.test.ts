import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { evidenceFolder, listEvidence } from '../../oracle-node/adapters/evidence-folder.ts'
import { evidenceText } from '../../oracle-node/adapters/evidence-json.ts'
import { evidenceKeeper } from '../../oracle-node/app/evidence-keeper.ts'
import { nodeIndex } from '../../oracle-node/core/units.ts'
import { type Evidence, subjectOf } from '../../oracle-node/protocol/evidence.ts'
import { makeWorld } from '../simulation/simulate.ts'
import { observationOf, settingsOf, signedBy } from '../support/committee.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { sampleEvidence } from '../support/sample-evidence.ts'

const world = makeWorld(4)
const samples = sampleEvidence(world)

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-evidence-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'evidence')
}

test('each piece of evidence is one file that says whose, which and when; the same again is the same file', async () => {
  const path = temporary()
  expect(await listEvidence(path)).toEqual([])
  const folder = evidenceFolder(path)
  const saved = await Promise.all([...samples, ...samples].map((each) => folder.save(each)))
  expect(new Set(saved).size).toBe(samples.length)
  expect(readdirSync(path)[0]).toMatch(/^epoch1-node3-deviation-round21-[0-9a-f]{12}\.json$/)
  for (const [index, evidence] of samples.entries()) {
    expect(readFileSync(saved[index] as string, 'utf8')).toBe(evidenceText(evidence))
    expect(statSync(saved[index] as string).mode & 0o777).toBe(0o600)
  }
  const listed = await listEvidence(path)
  expect(listed.map(({ evidence }) => evidence.ok)).toEqual(samples.map(() => true))
})

test('who lies in every round does not fill the disk, nor hide who lies once', async () => {
  const path = temporary()
  const folder = evidenceFolder(path)
  const lie = (node: number, round: number): Evidence => ({
    subject: subjectOf(settingsOf(world, nodeIndex(1)), nodeIndex(node)) as Evidence['subject'],
    claim: {
      kind: 'impossible-value',
      signed: signedBy(world, observationOf(nodeIndex(node), round, { priceE8: 0n })),
    },
  })
  const saved: Array<string | undefined> = []
  for (let round = 1; round <= 20; round += 1) saved.push(await folder.save(lie(3, round)))
  expect(saved.filter((each) => each !== undefined)).toHaveLength(16)
  expect(await folder.save(lie(2, 21))).toContain('node2')
  expect(readdirSync(path)).toHaveLength(17)
})

test('a file that is no evidence is listed with what is wrong with it', async () => {
  const path = temporary()
  await evidenceFolder(path).save(samples[0] as Evidence)
  writeFileSync(join(path, 'a.json'), '{"format":"plimsoll-evidence-1"')
  writeFileSync(join(path, 'notes.txt'), 'not looked at')
  const listed = await listEvidence(path)
  expect(listed.map(({ evidence }) => evidence.ok)).toEqual([false, true])
})

test('what is found is in the log and counted, also when it can’t be kept', async () => {
  const telemetry = memoryTelemetry()
  const [sample] = samples as [Evidence]
  evidenceKeeper(evidenceFolder(temporary()), telemetry)(sample)
  evidenceKeeper({ save: async () => Promise.reject(new Error('the disk is full')) }, telemetry)(sample)
  await expect.poll(() => telemetry.lines.length).toBe(2)
  const kind = sample.claim.kind
  expect(telemetry.lines.find(({ event }) => event === 'evidence-found')?.fields).toMatchObject({
    member: 3,
    kind,
    round: 21,
  })
  expect(telemetry.lines.find(({ event }) => event === 'evidence-not-saved')?.fields['error']).toContain('disk is full')
  expect(telemetry.counted('plimsoll_evidence_total', { node: '3', kind })).toBe(2)
})
