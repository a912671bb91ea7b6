import { Interface } from 'ethers'
import type { ReferenceFeed } from '../ports/reference-feed.ts'
import { attempt } from './chain-read.ts'
import type { Block, ChainReader } from './pools/json-rpc.ts'

const aggregator = new Interface([
  'function decimals() view returns (uint8)',
  'function description() view returns (string)',
  'function latestRoundData() view returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)',
])

/**
 * A feed of Chainlink's `AggregatorV3Interface`: Chainlink's own, or any contract that speaks it, as ours do; all at one block.
 * @param options.timeoutMs Of the whole answer, which takes two rounds of requests.
 */
export function aggregatorFeed(
  chain: ChainReader,
  options: { readonly address: string; readonly timeoutMs: number },
): ReferenceFeed {
  const { address, timeoutMs } = options
  return {
    address,
    fetch: async () => {
      const read = await attempt(timeoutMs, async () => roundAt(chain, await chain.latestBlock(), address))
      return read.ok ? { ok: true, raw: read.value } : read
    },
  }
}

async function roundAt(chain: ChainReader, block: Block, to: string): Promise<Readonly<Record<string, unknown>>> {
  const calls = ['decimals', 'description', 'latestRoundData'].map((method) => ({ to, abi: aggregator, method }))
  const [[decimals] = [], [description] = [], round = []] = await chain.views(calls, block)
  const [roundId, answer, , updatedAt, answeredInRound] = round
  return { decimals, description, roundId, answer, updatedAt, answeredInRound }
}
