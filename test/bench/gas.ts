/*
 * Gas of what users pay for, measured on an in-process chain with real signatures: `node test/bench/gas.ts` prints JSON,
 * `node test/bench/gas.ts --write` also stores it in contracts/snapshots/gas.json. Compile first, without coverage.
 */
import { writeFileSync } from 'node:fs'
import type { Contract, TransactionResponse } from 'ethers'
import { plimsollArtifact } from '../../contracts/script/artifacts.ts'
import { deployOracle } from '../../contracts/script/deploy-plimsoll.ts'
import type { Hex } from '../../oracle-node/core/bytes.ts'
import type { Domain } from '../../oracle-node/core/domain.ts'
import { bps, unixSeconds } from '../../oracle-node/core/units.ts'
import { contractAt, type Devnet, deployHarness, startDevnet, view } from '../contracts/chain.ts'
import { startWorld, type World } from '../contracts/market-fixture.ts'
import { GENESIS, sampleFeeds, sampleRecord, sampleReport } from '../contracts/samples.ts'
import { signedUpdate, testGroup } from '../contracts/signing.ts'
import { seededRandom } from '../support/seeded-random.ts'

const group = testGroup(seededRandom('gas'))
const SNAPSHOT = new URL('../../contracts/snapshots/gas.json', import.meta.url)

type UpdateGas = { readonly cold: number; readonly warm: number; readonly warmPerFeed: number }

/** Cold: the first report ever, its slots empty. Warm: the second, its slots written. */
async function updateGas(devnet: Devnet, count: number): Promise<UpdateGas> {
  const { abi } = plimsollArtifact('src/RiskOracle.sol', 'RiskOracle')
  const key = { groupKeyX: group.x, groupKeyParity: group.parity, epoch: 1 }
  const oracle = contractAt(devnet, await deployOracle(devnet.admin, key), abi)
  const domain: Domain = { chainId: 31_337n, oracle: String(oracle.target) as Hex }
  const used: number[] = []
  for (const round of [1, 2]) {
    const time = GENESIS + 10_000 * count + 1_000 * round
    const record = sampleRecord({ observedAt: unixSeconds(time) })
    const values = sampleFeeds(count).map((feed) => ({ feed, record }))
    await devnet.setNextTime(time)
    const report = sampleReport({ round, time, values })
    used.push(await gasOf(oracle.getFunction('update').send(...signedUpdate(group, domain, report))))
  }
  const [cold = 0, warm = 0] = used
  return { cold, warm, warmPerFeed: Math.round(warm / count) }
}

/** Mean over 100 signatures; gas differs by some units with the values' zero bytes and parities. */
async function verifyGas(harness: Contract): Promise<number> {
  const random = seededRandom('gas of verify')
  let sum = 0n
  for (let each = 0; each < 100; each += 1) {
    const message = random.bytes(32)
    const call = { keyX: group.x, keyParity: group.parity, ...group.sign(message), message }
    const [used, valid] = (await view(harness, 'gasOfVerify', call)) as [bigint, boolean]
    if (!valid) throw new Error('the bench measures valid signatures')
    sum += used
  }
  return Number(sum / 100n)
}

/** A sync that moves all four parameters, the one after it, and one that moves none. */
async function syncGas(world: World): Promise<{ firstMove: number; nextMove: number; held: number }> {
  const crash = { expectedShortfall99Bps: bps(2_500), depthUsd: 5_000_000 }
  const sync = async (time: number, record: Parameters<World['report']>[1]): Promise<number> => {
    await world.report(time, record)
    return await gasOf(world.steward.getFunction('sync').send(world.weth))
  }
  const firstMove = await sync(GENESIS + 1_000, crash)
  const nextMove = await sync(GENESIS + 1_900, crash)
  // A calm record right after: every loosening waits for its delay.
  const held = await sync(GENESIS + 2_800, { expectedShortfall99Bps: bps(0), depthUsd: 500_000_000 })
  return { firstMove, nextMove, held }
}

async function gasOf(sent: Promise<TransactionResponse>): Promise<number> {
  const receipt = await (await sent).wait()
  if (receipt === null) throw new Error('the transaction was not mined')
  return Number(receipt.gasUsed)
}

const devnet = await startDevnet(GENESIS)
const world = await startWorld()
const figures = {
  solidity: '0.8.30, optimizer 1,000,000 runs, via IR, cancun',
  update: {
    '1': await updateGas(devnet, 1),
    '3': await updateGas(devnet, 3),
    '32': await updateGas(devnet, 32),
  },
  verify: await verifyGas(await deployHarness(devnet)),
  sync: await syncGas(world),
}
await Promise.all([devnet.close(), world.devnet.close()])
const text = `${JSON.stringify(figures, null, 2)}\n`
process.stdout.write(text)
if (process.argv.includes('--write')) writeFileSync(SNAPSHOT, text)
