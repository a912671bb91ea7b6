import type { HistoryDescription } from '../../data/recorded/history.ts'
import type { RoundOutcome } from './conduct.ts'
import type { Network } from './network.ts'

/** What `--json` prints: every number that a run produced, and what it was fed. */
export async function summaryOf(
  network: Network,
  outcomes: readonly RoundOutcome[],
  input: Omit<HistoryDescription, 'source'> & { readonly source: string },
): Promise<unknown> {
  const parameters = await network.watch.parameters()
  const changes = outcomes.flatMap(({ round, moves }) => moves.map((move) => ({ round, ...move })))
  return {
    rounds: outcomes.length,
    nodes: network.members.length,
    faulty: network.faulty,
    reports: outcomes.flatMap(({ report }) => {
      if (report === undefined) return []
      const { certificate: _long, records, ...rest } = report
      return [{ ...rest, records: records.map((record) => ({ ...record, priceE8: Number(record.priceE8) })) }]
    }),
    parameterChanges: changes.filter(({ from, to }) => from !== to),
    parametersHeld: changes.filter(({ from, to }) => from === to),
    missed: outcomes.flatMap(({ round, missed }) => (missed === undefined ? [] : [{ round, reason: missed }])),
    // Read by eth_call from Aave's own AaveProtocolDataProvider after the last round.
    aaveParameters: parameters,
    contracts: {
      oracle: network.deployment.oracle,
      steward: network.deployment.steward,
      pool: network.deployment.market.pool,
      dataProvider: network.deployment.market.dataProvider,
      tokens: network.deployment.market.tokens,
      feeds: network.deployment.feeds,
    },
    input,
  }
}
