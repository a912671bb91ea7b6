import { Contract, Interface } from 'ethers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import { updateArguments } from '../../oracle-node/adapters/evm-chain.ts'
import { parseRoundMessage } from '../../oracle-node/adapters/wire.ts'
import { feedOf } from '../../oracle-node/core/feed.ts'
import type { Report } from '../../oracle-node/core/report.ts'
import { conductRound, type RoundOutcome } from '../../oracle-node/devnet/conduct.ts'
import type { Network } from '../../oracle-node/devnet/network.ts'
import { rebuildReport } from '../../oracle-node/protocol/check-proposal.ts'
import { journalOf, networkOf } from './run-devnet.ts'

const oracleInterface = new Interface(riskOracleAbi)

describe('members that fail', () => {
  let network: Network
  const outcomes = new Map<number, RoundOutcome>()
  const play = async (round: number, incidents: Parameters<typeof conductRound>[2] = []): Promise<RoundOutcome> => {
    const outcome = await conductRound(network, round, incidents)
    outcomes.set(round, outcome)
    return outcome
  }
  beforeAll(async () => {
    network = await networkOf('recorded')
  })
  afterAll(async () => network?.stop())

  test('one killed in mid-round: reports go on', async () => {
    expect((await play(1)).report?.observers).toEqual([1, 2, 3, 4])
    const outcome = await play(2, [{ kind: 'kill', node: 2, round: 2 }])
    expect(outcome.missed).toBeUndefined()
    expect((await play(3)).report?.observers).toEqual([1, 3, 4])
  })

  test('a forged, a replayed and an older report are refused with what was given and what was needed', async () => {
    const stored = reportOf(network, outcomes.get(3))
    const older = reportOf(network, outcomes.get(1))
    expect(await revertOf(network, stored.report, stored.signature)).toEqual({ name: 'StaleRound', args: [3n, 3n] })
    expect(await revertOf(network, older.report, older.signature)).toEqual({ name: 'StaleRound', args: [1n, 3n] })
    const [first, ...rest] = stored.report.values
    if (first === undefined) throw new Error('a report has records')
    const lie = { ...first, record: { ...first.record, priceE8: first.record.priceE8 * 2n } }
    const time = (stored.report.time + 1) as typeof stored.report.time
    const forged: Report = { ...stored.report, round: 4, time, values: [lie, ...rest] }
    expect((await revertOf(network, forged, stored.signature)).name).toBe('InvalidSignature')
  })

  test('two killed: no report, and reads revert as stale', async () => {
    const outcome = await play(4, [{ kind: 'kill', node: 3, round: 4 }])
    // Node 3 may die after it has signed: then this round still ends, and the next can't.
    const missed = outcome.report === undefined ? outcome : await play(5)
    expect(missed.missed).toContain('only 2 of 4 nodes are up')
    await play(6)
    await play(7)
    const oracle = new Contract(network.deployment.oracle, riskOracleAbi, network.provider)
    const error = await oracle
      .getFunction('read')(feedOf('WETH'))
      .then(
        () => undefined,
        (reason: { data?: string }) => oracleInterface.parseError(reason.data ?? '0x'),
      )
    expect(error?.name).toBe('StaleRecord')
    const peeked = await oracle.getFunction('peek')(feedOf('WETH'))
    expect(peeked.fresh).toBe(false)
  })

  test('when they return, reports resume by themselves, and reads answer again', async () => {
    const outcome = await play(8, [
      { kind: 'restart', node: 2, round: 8 },
      { kind: 'restart', node: 3, round: 8 },
    ])
    const resumed = outcome.report ?? (await play(9)).report
    expect(resumed?.observers).toEqual([1, 2, 3, 4])
    const oracle = new Contract(network.deployment.oracle, riskOracleAbi, network.provider)
    expect(await oracle.getFunction('read')(feedOf('WETH'))).toBeGreaterThan(0n)
  })

  test('no node, killed or not, ever used a nonce twice or signed two reports of one round', async () => {
    await play(10)
    for (const member of network.members) {
      const signing = journalOf(network, member.node).filter(({ kind }) => kind === 'signing')
      expect(signing.length).toBeGreaterThan(0)
      const commitments = signing.map(({ commitment }) => JSON.stringify(commitment))
      expect(new Set(commitments).size).toBe(commitments.length)
      for (const [round, entries] of Map.groupBy(signing, (entry) => entry.round)) {
        expect(new Set(entries.map(({ digest }) => digest)).size, `node ${member.node} round ${round}`).toBe(1)
      }
    }
  })
})

/** The report and signature of a round, rebuilt from the certificate that a node published. */
function reportOf(network: Network, outcome: RoundOutcome | undefined): { report: Report; signature: `0x${string}` } {
  const parsed = parseRoundMessage(outcome?.report?.certificate)
  if (!parsed.ok || parsed.message.kind !== 'certificate') throw new Error('the node published no certificate')
  const { deployment, members } = network
  const rebuilt = rebuildReport(
    {
      committee: { epoch: 1, operators: members.map(({ operator }) => operator) },
      domain: { chainId: BigInt(deployment.chainId), oracle: deployment.oracle },
      modelSet: parsed.message.observations[0]?.observation.modelSet ?? '0x',
      round: parsed.message.round,
    },
    parsed.message.observations,
  )
  if (!rebuilt.ok) throw new Error(rebuilt.detail)
  return { report: rebuilt.report, signature: parsed.message.signature }
}

async function revertOf(
  network: Network,
  report: Report,
  signature: `0x${string}`,
): Promise<{ name: string; args: unknown[] }> {
  const signer = await network.provider.getSigner(0)
  const oracle = new Contract(network.deployment.oracle, riskOracleAbi, signer)
  const error = await oracle
    .getFunction('update')
    .staticCall(...updateArguments(report, signature))
    .then(
      () => null,
      (reason: { data?: string }) => oracleInterface.parseError(reason.data ?? '0x'),
    )
  return { name: error?.name ?? 'accepted', args: [...(error?.args ?? [])] }
}
