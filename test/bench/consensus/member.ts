import { join } from 'node:path'
import { fileJournal } from '../../../oracle-node/adapters/file-journal.ts'
import { osRandom } from '../../../oracle-node/app/keys.ts'
import { RoundDriver } from '../../../oracle-node/app/round-driver.ts'
import { nodeIndex } from '../../../oracle-node/core/units.ts'
import type { Telemetry } from '../../../oracle-node/ports/telemetry.ts'
import type { Transport } from '../../../oracle-node/ports/transport.ts'
import { memberOf, NOW, observationOf, settingsOf } from '../../support/committee.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { joinNetwork, type Network } from './networks.ts'
import { dealtWorld } from './world.ts'

/* One member of a committee in a process of its own: the real driver, transport and journal, and an observation that takes no time. */

export type Order =
  | { readonly kind: 'start'; readonly node: number; readonly folder: string; readonly network: Network }
  | { readonly kind: 'begin'; readonly round: number }
  | { readonly kind: 'usage' }

export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'certified'; readonly round: number; readonly milliseconds: number; readonly attempt: number }
  | { readonly kind: 'usage'; readonly cpuMs: number; readonly sentBytes: number; readonly heapBytes: number }

const answer = (message: Answer): void => void process.send?.(message)
const silent: Telemetry = { log: () => undefined, count: () => undefined, gauge: () => undefined }
let driver: RoundDriver | undefined
let began = 0
let sentBytes = 0

function counted(transport: Transport): Transport {
  return {
    ...transport,
    send: (to, message) => {
      sentBytes += JSON.stringify(message).length
      return transport.send(to, message)
    },
    ...(transport.broadcast && {
      broadcast: (message: unknown) => {
        sentBytes += JSON.stringify(message).length
        return transport.broadcast?.(message) ?? Promise.resolve()
      },
    }),
  }
}

async function start({ node, folder, network }: Order & { kind: 'start' }): Promise<void> {
  const world = dealtWorld(network.members.length)
  const { secret, operatorKey } = memberOf(world, nodeIndex(node))
  driver = new RoundDriver({
    settings: settingsOf(world, nodeIndex(node), { collectMs: 1_000, shareMs: 1_500, attemptMs: 5_000 }),
    secret,
    operatorKey,
    transport: counted(await joinNetwork(network, node, silent)),
    journal: await fileJournal(join(folder, `journal-${node}.jsonl`)),
    clock: manualClock(NOW),
    telemetry: silent,
    random: osRandom,
    observe: async (round) => observationOf(nodeIndex(node), round),
    onCertified: ({ certificate: { round, attempt } }) =>
      answer({ kind: 'certified', round, milliseconds: performance.now() - began, attempt }),
    onEvidence: ({ subject, claim }) => {
      throw new Error(`an honest member was accused: ${claim.kind} of node ${subject.node}`)
    },
  })
  answer({ kind: 'ready' })
}

process.on('message', (order: Order) => {
  if (order.kind === 'start') void start(order)
  if (order.kind === 'begin') {
    began = performance.now()
    driver?.begin(order.round)
  }
  if (order.kind === 'usage') {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    answer({ kind: 'usage', cpuMs: (user + system) / 1_000, sentBytes, heapBytes: process.memoryUsage().heapUsed })
  }
})
process.once('disconnect', () => process.exit(0))
