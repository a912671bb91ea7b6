import { expect, test } from 'vitest'
import { type ClockWatch, clockWatch } from '../../oracle-node/app/clock-watch.ts'
import { type NodeIndex, nodeIndex, unixSeconds } from '../../oracle-node/core/units.ts'
import { NOW, observationOf } from '../support/committee.ts'
import { manualClock } from '../support/manual-clock.ts'
import { memoryTelemetry } from '../support/memory-telemetry.ts'
import { nodes, start, watched } from '../support/watched-round.ts'

const noBlock = () => Promise.reject(new Error('no endpoint'))

function watchAt(aheadSeconds: number, self: NodeIndex, blockTime = noBlock as () => Promise<typeof NOW>) {
  const telemetry = memoryTelemetry()
  const clock = manualClock(unixSeconds(NOW + aheadSeconds))
  const settings = { self, members: 4, toleranceSeconds: 60, staleSeconds: 3_600, clock, telemetry }
  const watch: ClockWatch = clockWatch(settings, blockTime)
  const events = () => telemetry.lines.filter(({ event }) => event.startsWith('clock-')).map(({ event }) => event)
  return { watch, telemetry, clock, events }
}

test('a member whose clock is off finds out from the others’ messages, abstains from the next round and says so once', async () => {
  const { network, sent } = watched()
  const late = nodeIndex(4)
  const watches = nodes.map((node) => watchAt(node === late ? 100 : 0, node))
  const members = nodes.map((node, index) => {
    const { watch } = watches[index] as ReturnType<typeof watchAt>
    return start(network, node, {
      aheadSeconds: node === late ? 100 : 0,
      onHeard: watch.heard,
      observe: watch.guard(async (round) => observationOf(node, round)),
    })
  })
  for (const round of [1, 2, 3, 4, 5, 6]) {
    for (const { driver } of members) driver.begin(round)
    await expect
      .poll(() => members.every(({ certified }) => certified.length === round), { timeout: 10_000 })
      .toBe(true)
  }
  expect(watches.map(({ watch }) => watch.verdict().kind)).toEqual(['in-step', 'in-step', 'in-step', 'off'])
  expect(watches.map(({ events }) => events())).toEqual([[], [], [], ['clock-off']])
  expect(watches[3]?.telemetry.lines.find(({ event }) => event === 'clock-off')?.fields).toMatchObject({
    offsetSeconds: 100,
    by: 'peers',
  })
  const rounds = sent(late, 'observation').map(({ message }) => (message as { round: number }).round)
  expect(rounds).not.toContain(6)
  expect(members[3]?.driver.abstainedIn).toBe(6)
})

test('a clock that is set right is in step again, and the node says that too', async () => {
  const self = nodeIndex(1)
  const { watch, events, clock } = watchAt(-100, self)
  const observe = watch.guard(async (round) => observationOf(self, round))
  const hear = () => {
    for (const node of [2, 3, 4]) watch.heard(nodeIndex(node), NOW)
  }
  hear()
  expect(await observe(1, clock.now())).toBeUndefined()
  clock.set(NOW)
  hear()
  expect(await observe(2, clock.now())).toEqual(observationOf(self, 2))
  expect(events()).toEqual(['clock-off', 'clock-in-step'])
})

test('a node alone abstains when the chain’s newest block is ahead of its clock, and goes on when no endpoint answers', async () => {
  const self = nodeIndex(1)
  const behind = watchAt(-100, self, async () => NOW)
  expect(await behind.watch.guard(async (round) => observationOf(self, round))(1, NOW)).toBeUndefined()
  expect(behind.telemetry.lines[0]?.fields).toMatchObject({ offsetSeconds: -100, by: 'chain' })
  const blind = watchAt(-100, self)
  expect(await blind.watch.guard(async (round) => observationOf(self, round))(1, NOW)).toBeDefined()
  const slow = watchAt(0, self, () => new Promise(() => undefined))
  expect(await slow.watch.guard(async (round) => observationOf(self, round))(1, NOW)).toBeDefined()
})
