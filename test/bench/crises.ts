import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readConfig } from '../../backtests/config/read-config.ts'
import { reportPlots } from '../../backtests/report/report-plots.ts'
import type { BacktestResult, Verdict } from '../../backtests/result.ts'
import { runBacktest } from '../../backtests/run/run-backtest.ts'
import { verdictsOf } from '../../backtests/run/verdicts.ts'

/*
 * `npm run bench -- crises [--json] [--save]`: the crises of backtests/examples/crises.yaml with markets of three sizes, and whether the policy kept
 * its promises in each. `--save` writes the figures that the documents quote, and the frontier that they show.
 */

const USAGE = `npm run bench -- crises [--json] [--save]
  --json   one JSON object instead of a table
  --save   write test/bench/results/crises.json and oracle-node/docs/images/backtest-frontier.svg
`
const CONFIG = fileURLToPath(new URL('../../backtests/examples/crises.yaml', import.meta.url))
const SAVED = new URL('results/crises.json', import.meta.url)
const FRONTIER = new URL('../../oracle-node/docs/images/backtest-frontier.svg', import.meta.url)

/** All collateral that would be brought, over what can be sold within the liquidation bonus. The middle one is the example's. */
const SIZES = [3, 10, 30] as const
const SHOWN = 10

type Row = {
  readonly demandOverLiquidity: number
  readonly capacityOf: (typeof MEASURES)[number]
  readonly crisis: string
  readonly chosen: Verdict['chosen']
  readonly against: string
  readonly kept: boolean | 'nothing to compare'
  /** Whole USD. */
  readonly plimsoll: number
  readonly other: number
  /** Percent, of the other's bad debt and of what it liquidated. */
  readonly share: string
  readonly liquidated: string
  readonly knobs: string
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, save: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help === true) {
    process.stdout.write(USAGE)
    return
  }
  const { config, folder } = readConfig(CONFIG)
  const { name, seed, data, lending: asked } = config
  if (asked === undefined) throw new Error(`${CONFIG} has no lending part`)
  const out = mkdtempSync(join(tmpdir(), 'plimsoll-crises-'))
  const rows: Row[] = []
  try {
    for (const size of SIZES) {
      const lending = { ...asked, defaults: { ...asked.defaults, demandOverLiquidity: size } }
      const began = performance.now()
      const { result } = await runBacktest({ name, seed, data, lending }, { folder, out })
      process.stderr.write(`${size} times the liquidity: ${((performance.now() - began) / 1_000).toFixed(0)} s\n`)
      rows.push(...rowsOf(result, size))
      if (size === SHOWN && values.save === true) saveFrontier(result)
    }
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
  const figures = { kept: keptBySize(rows), rows }
  if (values.save === true) writeFileSync(SAVED, `${JSON.stringify(figures, null, 2)}\n`)
  if (values.json === true) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  else console.table(rows)
}

/** At the capacity that Aave's own parameters gave, and at that of the published formula. */
const MEASURES = ['static', 'plimsoll'] as const

function rowsOf({ lending }: BacktestResult, size: number): Row[] {
  if (lending === undefined) return []
  const { runs, periods } = lending
  return MEASURES.flatMap((capacityOf) =>
    verdictsOf(runs, periods, {
      policy: 'plimsoll',
      against: { static: 0.5, ewma: 1, 'static-near': 1 },
      capacityOf,
    }).map((verdict) => rowOf(verdict, size, capacityOf)),
  )
}

function rowOf(verdict: Verdict, size: number, capacityOf: Row['capacityOf']): Row {
  return {
    demandOverLiquidity: size,
    capacityOf,
    crisis: verdict.period,
    chosen: verdict.chosen,
    against: verdict.against,
    kept: verdict.compared ? verdict.kept : 'nothing to compare',
    plimsoll: Math.round(verdict.badDebtUsd),
    other: Math.round(verdict.otherBadDebtUsd),
    share: percent(verdict.badDebtUsd, verdict.otherBadDebtUsd),
    liquidated: percent(verdict.liquidatedUsd, verdict.otherLiquidatedUsd),
    knobs: `${verdict.knob.toFixed(2)} / ${verdict.otherKnob.toFixed(2)}`,
  }
}

function percent(part: number, whole: number): string {
  return whole < 1 ? '–' : `${((100 * part) / whole).toFixed(0)} %`
}

/** How many promises were kept, by size and by how the knob was chosen. */
function keptBySize(rows: readonly Row[]): readonly object[] {
  const groups = Map.groupBy(
    rows,
    (row) => `${row.demandOverLiquidity}\n${row.capacityOf}\n${row.chosen}\n${row.against}`,
  )
  return [...groups.values()].flatMap((own) => {
    const [first] = own
    if (first === undefined) return []
    const { demandOverLiquidity, capacityOf, chosen, against } = first
    return {
      demandOverLiquidity,
      capacityOf,
      chosen,
      against,
      kept: own.filter(({ kept }) => kept === true).length,
      of: own.filter(({ kept }) => kept !== 'nothing to compare').length,
    }
  })
}

function saveFrontier(result: BacktestResult): void {
  const frontier = reportPlots(result).find(({ id }) => id.startsWith('frontier'))
  if (frontier !== undefined) writeFileSync(FRONTIER, frontier.svg)
}

await main()
