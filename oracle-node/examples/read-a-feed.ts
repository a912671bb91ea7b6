import { parseArgs } from 'node:util'
import { Contract, type ContractRunner, isError, JsonRpcProvider } from 'ethers'
import { riskOracleAbi } from '../../contracts/abi/risk-oracle.generated.ts'
import { feedOf } from '../core/feed.ts'
import { type RiskRecord, unpackRecord } from '../core/record.ts'

/*
 * Reads feeds of a running network and says what they mean:
 *
 *   node oracle-node/examples/read-a-feed.ts --rpc URL --oracle ADDRESS [--assets WETH,WBTC]
 *
 * `npm start` prints the URL of its chain and the address of its oracle in its second line.
 */

/** A feed as it stands on chain. `fresh` is the contract's own judgement: a record that is not must not be used. */
export type ReadFeed = {
  readonly asset: string
  readonly record: RiskRecord
  readonly ageSeconds: number
  readonly fresh: boolean
}

/** `peek` hands out a record however old, with its age; `read` would revert on a stale one. */
export async function readFeed(runner: ContractRunner, oracle: string, asset: string): Promise<ReadFeed> {
  const contract = new Contract(oracle, riskOracleAbi, runner)
  const [word, ageSeconds, fresh] = await contract.getFunction('peek')(feedOf(asset))
  return { asset, record: unpackRecord(BigInt(word)), ageSeconds: Number(ageSeconds), fresh: Boolean(fresh) }
}

/** A record in words and units. */
export function feedLines({ asset, record, ageSeconds, fresh }: ReadFeed): string[] {
  const state = fresh ? 'fresh' : 'STALE, do not use'
  return [
    `${asset}/USD  ${new Date(record.observedAt * 1_000).toISOString()}, ${ageSeconds} s ago, valid for ${record.validForSeconds} s: ${state}`,
    row('price', `${usd(record.priceE8)} USD`, `within ± ${percent(record.confidenceBps)}`),
    row('volatility', percent(record.volatilityBps), 'a year, forecast of the next 24 h'),
    row('value at risk 99 %', percent(record.valueAtRisk99Bps), 'one day in a hundred loses more'),
    row('expected shortfall', percent(record.expectedShortfall99Bps), 'the mean loss of those days'),
    row('depth', `${record.depthUsd.toLocaleString('en')} USD`, 'can be sold before the price falls 2 %'),
    row('liquidity score', `${record.liquidityScoreBps}`, '0 is best, 10 000 worst'),
    row('risk score', `${record.riskScoreBps}`, '0 is best, 10 000 worst'),
  ]
}

function row(name: string, value: string, meaning: string): string {
  return `  ${name.padEnd(20)}${value.padStart(18)}   ${meaning}`
}

function percent(bps: number): string {
  return `${(bps / 100).toFixed(2)} %`
}

/** Exact: the price is an integer of 1e-8 USD. */
function usd(priceE8: bigint): string {
  const whole = (priceE8 / 100_000_000n).toLocaleString('en')
  return `${whole}.${(priceE8 % 100_000_000n)
    .toString()
    .padStart(8, '0')
    .replace(/0{1,6}$/, '')}`
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rpc: { type: 'string' },
      oracle: { type: 'string' },
      assets: { type: 'string', default: 'WETH,WBTC,USDC' },
    },
  })
  const { rpc, oracle, assets } = values
  if (rpc === undefined || oracle === undefined) throw new Error('give --rpc URL and --oracle ADDRESS')
  const provider = new JsonRpcProvider(rpc, undefined, { staticNetwork: true })
  try {
    for (const asset of assets.split(',')) {
      const feed = await readFeed(provider, oracle, asset)
      process.stdout.write(`${feedLines(feed).join('\n')}\n`)
    }
  } finally {
    provider.destroy()
  }
}

/** The oracle's own error where it is one, else the connection's, in one line. */
function reasonOf(error: unknown): string {
  if (isError(error, 'CALL_EXCEPTION') && error.revert) return `${error.revert.name}(${error.revert.args.join(', ')})`
  if (isError(error, 'BAD_DATA')) return 'no oracle answers at this address'
  return error instanceof Error ? error.message : String(error)
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${reasonOf(error)}\n`)
    process.exitCode = 1
  })
}
