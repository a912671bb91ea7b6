import { mkdtempSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SYNTHETIC_START, syntheticHistory } from '../../data/synthetic/simulator.ts'
import { quantile } from '../../oracle-node/core/stats.ts'
import { buildContracts } from '../../oracle-node/devnet/build.ts'
import { conductRound } from '../../oracle-node/devnet/conduct.ts'
import { type Network, NODES, startNetwork } from '../../oracle-node/devnet/network.ts'

/*
 * How long a round takes on this machine, with every node, venue and the chain sharing its cores: from the round's beginning to
 * each node's observation, to its certificate, and to the last transaction (the update and the steward's syncs).
 */

const ROUNDS = 24

async function gauges(network: Network, name: string): Promise<number[]> {
  const pages = await Promise.all(
    network.members.map(async ({ httpPort }) => (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text()),
  )
  return pages.map((page) =>
    Number(
      page
        .split('\n')
        .find((line) => line.startsWith(`${name}{`))
        ?.split(' ')
        .at(-1),
    ),
  )
}

const milliseconds = (seconds: readonly number[], q: number): number => Math.round(1_000 * quantile(seconds, q))
const summary = (seconds: readonly number[]) => ({ p50: milliseconds(seconds, 0.5), p90: milliseconds(seconds, 0.9) })

await buildContracts()
const network = await startNetwork({
  folder: mkdtempSync(join(tmpdir(), 'plimsoll-bench-')),
  stepSeconds: 900,
  market: {
    kind: 'replay',
    history: syntheticHistory({ seed: '1', from: SYNTHETIC_START, hours: 24 }),
    from: SYNTHETIC_START,
  },
  onStage: () => undefined,
})
const seen = { observation: [] as number[], certificate: [] as number[], settled: [] as number[] }
try {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const outcome = await conductRound(network, round, [])
    if (outcome.report === undefined) throw new Error(`round ${round} has no report: ${outcome.missed}`)
    // The first round also opens every connection and compiles what it runs.
    if (round === 1) continue
    seen.observation.push(...(await gauges(network, 'plimsoll_observe_seconds')))
    seen.certificate.push(...(await gauges(network, 'plimsoll_certificate_seconds')))
    seen.settled.push(outcome.seconds)
  }
} finally {
  await network.stop()
}
const figures = {
  bench: 'round',
  machine: { cores: cpus().length, cpu: cpus()[0]?.model, node: process.version },
  nodes: NODES,
  rounds: ROUNDS - 1,
  unit: 'milliseconds from the round’s beginning',
  observation: summary(seen.observation),
  certificate: summary(seen.certificate),
  settledOnChain: summary(seen.settled),
  limit:
    'all processes share the cores; a node of its own waits for its slowest venue, then two message delays and 17 ms of shares',
}
process.stdout.write(`${JSON.stringify(figures, null, process.argv.includes('--json') ? 0 : 2)}\n`)
