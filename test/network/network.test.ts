import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faultyMax } from '../../oracle-node/core/quorum.ts'
import { type Committee, startCommittee } from './committee-rounds.ts'
import { whyNoNamespaces } from './namespaces.ts'

/** All attempts of the leaders that may fail, and some patience for a shared machine. */
const ROUND_WITHIN_MS = 45_000
/** Two leaders' attempts: long enough to see that nothing comes. */
const NOTHING_WITHIN_MS = 12_000
/** A broken connection is found by the send after it or a ping; the redial comes seconds later. */
const ROUNDS_TO_RECOVER_MAX = 2

const missing = whyNoNamespaces()
// On CI a machine that can't is a failure; elsewhere it may be somebody's laptop.
if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)

describe.skipIf(missing !== undefined).each([4, 7])('%i nodes in namespaces of their own', (count) => {
  let committee: Committee
  beforeAll(async () => {
    committee = await startCommittee(count)
    process.stdout.write(`${count} nodes; delay and loss by ${committee.namespaces.means}\n`)
  }, 240_000)
  afterAll(async () => await committee?.stop(), 30_000)

  const faulty = faultyMax(count)
  const everybody = (): readonly number[] => committee.nodes
  const but = (...left: readonly number[]): number[] => committee.nodes.filter((node) => !left.includes(node))

  async function allCertify(): Promise<void> {
    const round = await committee.begin()
    expect(await committee.certified(round, everybody(), ROUND_WITHIN_MS), `round ${round}`).toEqual(everybody())
  }

  /** Begins rounds until one is certified by all: at most so many after a fault is mended. */
  async function recovers(): Promise<void> {
    for (let tries = 1; tries <= ROUNDS_TO_RECOVER_MAX; tries += 1) {
      const round = await committee.begin()
      const holders = await committee.certified(round, everybody(), ROUND_WITHIN_MS)
      if (holders.length === count) return
    }
    expect.fail(`no round of ${ROUNDS_TO_RECOVER_MAX} was certified by all after the fault was mended`)
  }

  test('certify rounds where the network is sound, and bring them to the chain', async () => {
    await allCertify()
    await allCertify()
    await expect.poll(() => committee.latestOnChain(), { timeout: 15_000 }).toBe(2)
  })

  test('that are too few on either side of a partition sign nothing, and go on when it heals', async () => {
    const across = everybody().slice(0, faulty + 1)
    committee.namespaces.part(across)
    const round = await committee.begin()
    expect(await committee.certified(round, everybody(), NOTHING_WITHIN_MS)).toEqual([])
    expect(await committee.latestOnChain()).toBeLessThan(round)
    committee.namespaces.heal()
    await recovers()
  })

  test('go on without those whom a partition cuts off, who are back when it heals', async () => {
    const cut = everybody().slice(-faulty)
    committee.namespaces.part(cut)
    const round = await committee.begin()
    expect(await committee.certified(round, but(...cut), ROUND_WITHIN_MS)).toEqual(but(...cut))
    committee.namespaces.heal()
    await recovers()
  })

  test('certify rounds where each packet is 100 ms late and one of ten is lost', async () => {
    const port = committee.network.members[1]?.port ?? 0
    expect(committee.namespaces.answerMs(port)).toBeLessThan(150)
    committee.namespaces.impair({ delayMs: 100, lossPercent: 10 })
    try {
      expect(committee.namespaces.answerMs(port)).toBeGreaterThan(200)
      await allCertify()
      await allCertify()
      expect(committee.namespaces.lost()).toBeGreaterThan(0)
    } finally {
      committee.namespaces.impair({ delayMs: 0, lossPercent: 0 })
    }
  })

  test('go on without a leader that is frozen with its connections open, who is back when it thaws', async () => {
    const leader = committee.nextLeader()
    committee.network.signal(leader, 'SIGSTOP')
    try {
      const round = await committee.begin()
      expect(await committee.certified(round, but(leader), ROUND_WITHIN_MS)).toEqual(but(leader))
    } finally {
      committee.network.signal(leader, 'SIGCONT')
    }
    await recovers()
  })
})
