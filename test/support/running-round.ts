import type { Observer } from '../../oracle-node/app/observe-round.ts'
import { type Certified, RoundDriver } from '../../oracle-node/app/round-driver.ts'
import { type NodeIndex, type UnixSeconds, unixSeconds } from '../../oracle-node/core/units.ts'
import type { Journal, JournalEntry } from '../../oracle-node/ports/journal.ts'
import type { Transport } from '../../oracle-node/ports/transport.ts'
import type { Evidence } from '../../oracle-node/protocol/evidence.ts'
import type { RoundSettings } from '../../oracle-node/protocol/round-state.ts'
import type { World } from '../simulation/simulate.ts'
import { memberOf, NOW, observationOf, settingsOf } from './committee.ts'
import { manualClock } from './manual-clock.ts'
import { memoryJournal } from './memory-journal.ts'
import { memoryTelemetry } from './memory-telemetry.ts'
import { seededRandom } from './seeded-random.ts'

/** One member with real cryptography and its own journal, telemetry and clock, driven in this process. */
export type RunningMember = {
  readonly node: NodeIndex
  readonly driver: RoundDriver
  readonly transport: Transport
  readonly disk: JournalEntry[]
  readonly telemetry: ReturnType<typeof memoryTelemetry>
  readonly certified: Certified[]
  readonly evidence: Evidence[]
}

export type MemberOptions = {
  readonly world: World
  readonly node: NodeIndex
  readonly transport: Transport
  /** What an earlier life of the member left on its disk. */
  readonly disk?: JournalEntry[]
  /** Puts something between the driver and its journal. */
  readonly journal?: (journal: Journal) => Journal
  readonly observe?: Observer
  /** How far the member's clock is ahead. */
  readonly aheadSeconds?: number
  readonly onHeard?: (from: NodeIndex, sentAt: UnixSeconds) => void
  readonly settings?: Partial<RoundSettings>
  /** Different in each life of a member: nobody draws the same nonces twice. */
  readonly seed?: string
}

export function startMember(options: MemberOptions): RunningMember {
  const { world, node, transport, disk = [], seed = 'first life' } = options
  const { secret, operatorKey } = memberOf(world, node)
  const telemetry = memoryTelemetry()
  const certified: Certified[] = []
  const evidence: Evidence[] = []
  const plain = memoryJournal(disk)
  const driver = new RoundDriver({
    settings: settingsOf(world, node, options.settings),
    secret,
    operatorKey,
    transport,
    journal: options.journal?.(plain) ?? plain,
    clock: manualClock(unixSeconds(NOW + (options.aheadSeconds ?? 0))),
    telemetry,
    random: seededRandom(`${seed} of ${node}`).bytes,
    observe: options.observe ?? (async (round) => observationOf(node, round)),
    ...(options.onHeard && { onHeard: options.onHeard }),
    onCertified: (each) => certified.push(each),
    onEvidence: (each) => evidence.push(each),
  })
  return { node, driver, transport, disk, telemetry, certified, evidence }
}
