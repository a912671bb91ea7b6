import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { quantile } from '../../../oracle-node/core/stats.ts'
import { NODE_FLAGS } from '../backtest/child.ts'
import type { Answer, Order } from './member.ts'
import { makeNetwork, type Network } from './networks.ts'

const MEMBER = fileURLToPath(new URL('member.ts', import.meta.url))
/** Connections open and code is compiled in the first rounds. */
const WARM_UP = 10
/** A round that takes longer has failed. */
const ROUND_MS_MAX = 30_000
/** A member takes 20 messages a second from another, about one a round: a committee's rounds are minutes apart, not milliseconds. */
const PACE_MS = 60

type Member = { readonly child: ChildProcess }

const order = (member: Member, message: Order): boolean => member.child.send(message)

async function answerOf<K extends Answer['kind']>(member: Member, kind: K): Promise<Answer & { kind: K }> {
  const patience = AbortSignal.timeout(ROUND_MS_MAX)
  for (;;) {
    const [answer] = (await once(member.child, 'message', { signal: patience })) as [Answer]
    if (answer.kind === kind) return answer as Answer & { kind: K }
  }
}

/** One round at every member: when each had the certificate, and in which attempt. */
type Round = (round: number) => Promise<ReadonlyArray<{ readonly milliseconds: number; readonly attempt: number }>>

/** Real processes on loopback, each a member with its own keys, journal and transport. */
async function withProcesses<T>(
  size: number,
  transport: Network['kind'],
  work: (members: readonly Member[], run: Round) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-consensus-'))
  const network = await makeNetwork(transport, size)
  const members = network.members.map((): Member => {
    return { child: fork(MEMBER, { execArgv: [...NODE_FLAGS, '--expose-gc'] }) }
  })
  try {
    await Promise.all(
      members.map((member, index) => {
        const ready = answerOf(member, 'ready')
        order(member, { kind: 'start', node: index + 1, folder, network })
        return ready
      }),
    )
    return await work(members, async (round) => {
      const paced = sleep(PACE_MS)
      const outcomes = members.map((member) => answerOf(member, 'certified'))
      for (const member of members) order(member, { kind: 'begin', round })
      const certified = await Promise.all(outcomes)
      await paced
      return certified
    })
  } finally {
    for (const { child } of members) child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Rounds of a committee of real processes on loopback, one after the other: from each member's observation to the certificate in
 * its hands, in milliseconds.
 */
export function benchProcesses(size: number, rounds: number, transport: Network['kind']) {
  return withProcesses(size, transport, async (members, run) => {
    const first: number[] = []
    const all: number[] = []
    let laterAttempts = 0
    for (let round = 1; round <= WARM_UP; round += 1) await run(round)
    const before = await usage(members)
    for (let round = WARM_UP + 1; round <= WARM_UP + rounds; round += 1) {
      const certified = await run(round)
      const times = certified.map(({ milliseconds }) => milliseconds)
      first.push(Math.min(...times))
      all.push(...times)
      if (certified.some(({ attempt }) => attempt > 0)) laterAttempts += 1
    }
    const after = await usage(members)
    const perRound = (key: 'cpuMs' | 'sentBytes'): number => (total(after, key) - total(before, key)) / (size * rounds)
    return {
      members: size,
      transport,
      rounds,
      firstCertificateMs: spread(first),
      everyMemberMs: spread(all),
      roundsPastTheFirstLeader: laterAttempts,
      cpuMsANodeARound: Number(perRound('cpuMs').toFixed(1)),
      bytesANodeARound: Math.round(perRound('sentBytes')),
    }
  })
}

/** What members hold on their heaps after so many rounds, as a multiple of what they held after the first of these counts. */
export function benchMemory(size: number, counts: readonly number[], transport: Network['kind']) {
  return withProcesses(size, transport, async (members, run) => {
    const held: number[] = []
    let round = 0
    for (const count of counts) {
      for (; round < count; round += 1) await run(round + 1)
      held.push(total(await usage(members), 'heapBytes') / size)
    }
    return {
      members: size,
      transport,
      heapANode: counts.map((rounds, index) => ({
        rounds,
        megabytes: Number(((held[index] ?? 0) / 1e6).toFixed(2)),
        ofTheFirst: Number(((held[index] ?? 0) / (held[0] ?? 1)).toFixed(3)),
      })),
    }
  })
}

function total(all: ReadonlyArray<Answer & { kind: 'usage' }>, key: 'cpuMs' | 'sentBytes' | 'heapBytes'): number {
  return all.reduce((sum, each) => sum + each[key], 0)
}

function usage(members: readonly Member[]) {
  return Promise.all(
    members.map((member) => {
      const answered = answerOf(member, 'usage')
      order(member, { kind: 'usage' })
      return answered
    }),
  )
}

export function spread(milliseconds: readonly number[]) {
  const at = (q: number): number => Number(quantile(milliseconds, q).toFixed(1))
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}
