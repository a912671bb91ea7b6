import { WINDOW_HOURS } from '../../../oracle-node/core/feature-spec.ts'
import { RISK_OUTPUT_COUNT, RISK_OUTPUTS } from '../../../oracle-node/core/prediction.ts'
import { tailRanks } from '../../baselines/historical.ts'
import { DAYS_ROOT, HOURS_ROOT, type Limits } from '../../baselines/outputs.ts'
import { featureColumns, returnColumns } from './features.ts'
import { emptyGraph, type Graph } from './graph.ts'
import { limitedNodes } from './outputs.ts'

const DAY_HOURS = 24
const DAYS = WINDOW_HOURS - DAY_HOURS + 1

/**
 * `historicalModel` as a graph: overlapping days are a banded product, the worst returns of days and hours are sorted, and one product with
 * the week's volatility before them picks every quantile and takes the mean beyond the last.
 */
export function historicalOnnx(limits: Limits): Uint8Array {
  const graph = emptyGraph()
  const returns = returnColumns(graph)
  const days = graph.node('MatMul', [returns, graph.doubles('days_band', [WINDOW_HOURS, DAYS], dayBand())], 'days')
  const worst = [
    featureColumns(graph, ['realized_7d'], 'week'),
    worstOf(graph, days, DAYS),
    worstOf(graph, returns, WINDOW_HOURS),
  ]
  const sorted = graph.node('Concat', worst, 'sorted', { axis: 1 })
  const pick = pickMatrix()
  const matrix = graph.doubles('pick', [pick.length, RISK_OUTPUT_COUNT], pick.flat())
  limitedNodes(graph, graph.node('MatMul', [sorted, matrix], 'raw'), limits)
  return graph.encode({ name: 'historical', width: RISK_OUTPUT_COUNT })
}

/** A column a day: ones at its hours. */
function dayBand(): number[] {
  return Array.from({ length: WINDOW_HOURS * DAYS }, (_, index) => {
    const hour = Math.floor(index / DAYS) - (index % DAYS)
    return hour >= 0 && hour < DAY_HOURS ? 1 : 0
  })
}

/** The lowest returns, rising, as far as the median's rank. */
function worstOf(graph: Graph, returns: string, count: number): string {
  const rank = graph.integers(`${returns}_rank`, [tailRanks(count)[50]])
  graph.nodes('TopK', [returns, rank], [`${returns}_worst`, `${returns}_worst_places`], { axis: 1, largest: 0 })
  return `${returns}_worst`
}

/** A row for the week and for each sorted return, a column an output; a loss is a return's negative. */
function pickMatrix(): number[][] {
  const { length } = RISK_OUTPUTS
  const week = new Array<number>(RISK_OUTPUT_COUNT).fill(0)
  week[0] = DAYS_ROOT
  week[length] = HOURS_ROOT / Math.sqrt(DAY_HOURS)
  const before = new Array<number>(length).fill(0)
  return [
    week,
    ...tailRows(DAYS).map((row) => [...row, ...before]),
    ...tailRows(WINDOW_HOURS).map((row) => [...before, ...row]),
  ]
}

function tailRows(count: number): number[][] {
  const ranks = tailRanks(count)
  return Array.from({ length: ranks[50] }, (_, index) => {
    const at = (level: 50 | 90 | 95 | 99): number => (index === ranks[level] - 1 ? -1 : 0)
    return [0, at(99), index < ranks[99] ? -1 / ranks[99] : 0, at(50), at(90), at(95)]
  })
}
