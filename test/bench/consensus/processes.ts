import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quantile } from '../../../oracle-node/core/stats.ts'
import { tlsMembers } from '../../support/tls-members.ts'
import { NODE_FLAGS } from '../backtest/child.ts'
import type { Answer, Order } from './member.ts'

const MEMBER = fileURLToPath(new URL('member.ts', import.meta.url))
/** Connections open and code is compiled in the first rounds. */
const WARM_UP = 10
/** A round that takes longer has failed. */
const ROUND_MS_MAX = 30_000

type Member = { readonly child: ChildProcess }

const order = (member: Member, message: Order): boolean => member.child.send(message)

async function answerOf<K extends Answer['kind']>(member: Member, kind: K): Promise<Answer & { kind: K }> {
  const patience = AbortSignal.timeout(ROUND_MS_MAX)
  for (;;) {
    const [answer] = (await once(member.child, 'message', { signal: patience })) as [Answer]
    if (answer.kind === kind) return answer as Answer & { kind: K }
  }
}

/**
 * Rounds of a committee of real processes on loopback, one after the other: from each member's observation to the certificate in
 * its hands, in milliseconds.
 */
export async function benchProcesses(size: number, rounds: number) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-consensus-'))
  const identities = await tlsMembers(size)
  const members = identities.map((): Member => {
    return { child: fork(MEMBER, { execArgv: [...NODE_FLAGS, '--expose-gc'] }) }
  })
  try {
    await Promise.all(
      members.map((member, index) => {
        const ready = answerOf(member, 'ready')
        order(member, { kind: 'start', node: index + 1, folder, members: identities })
        return ready
      }),
    )
    const first: number[] = []
    const all: number[] = []
    let laterAttempts = 0
    const runRound = async (round: number): Promise<void> => {
      const outcomes = members.map((member) => answerOf(member, 'certified'))
      for (const member of members) order(member, { kind: 'begin', round })
      const certified = await Promise.all(outcomes)
      if (round <= WARM_UP) return
      const times = certified.map(({ milliseconds }) => milliseconds)
      first.push(Math.min(...times))
      all.push(...times)
      if (certified.some(({ attempt }) => attempt > 0)) laterAttempts += 1
    }
    for (let round = 1; round <= WARM_UP; round += 1) await runRound(round)
    const before = await usage(members)
    for (let round = WARM_UP + 1; round <= WARM_UP + rounds; round += 1) await runRound(round)
    const after = await usage(members)
    const perRound = (key: 'cpuMs' | 'sentBytes'): number =>
      (after.reduce((sum, each) => sum + each[key], 0) - before.reduce((sum, each) => sum + each[key], 0)) /
      (size * rounds)
    return {
      members: size,
      rounds,
      firstCertificateMs: spread(first),
      everyMemberMs: spread(all),
      roundsPastTheFirstLeader: laterAttempts,
      cpuMsANodeARound: Number(perRound('cpuMs').toFixed(1)),
      bytesANodeARound: Math.round(perRound('sentBytes')),
      heapGrowth: Number(
        (
          after.reduce((sum, each) => sum + each.heapBytes, 0) / before.reduce((sum, each) => sum + each.heapBytes, 0) -
          1
        ).toFixed(3),
      ),
    }
  } finally {
    for (const { child } of members) child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
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
