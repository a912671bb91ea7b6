import type { BacktestResult } from '../result.ts'
import type { Json } from '../tasks/task.ts'

export type Compared = {
  /** Fields of the configs that differ, as text. */
  readonly settings: readonly { readonly field: string; readonly a: string; readonly b: string }[]
  /** Figures that both have; `change` is b over a less 1, null where a is 0. */
  readonly figures: readonly {
    readonly name: string
    readonly a: number
    readonly b: number
    readonly change: number | null
  }[]
}

const LENDING_FIGURES = ['badDebtUsd', 'liquidatedUsd', 'efficiency', 'changes', 'equityUsd'] as const
const FORECAST_FIGURES = ['qlike', 'fz', 'hits'] as const

/** What differs between two runs: in what they were asked, and in what came out where both were asked the same. */
export function compareResults(a: BacktestResult, b: BacktestResult): Compared {
  const [first, second] = [leaves(a.provenance.config), leaves(b.provenance.config)]
  const fields = [...new Set([...first.keys(), ...second.keys()])].sort()
  const settings = fields
    .map((field) => ({ field, a: first.get(field) ?? '–', b: second.get(field) ?? '–' }))
    .filter((each) => each.a !== each.b)
  const [mine, theirs] = [figuresOf(a), figuresOf(b)]
  const figures = [...mine].flatMap(([name, own]) => {
    const other = theirs.get(name)
    return other === undefined ? [] : [{ name, a: own, b: other, change: own === 0 ? null : other / own - 1 }]
  })
  return { settings, figures }
}

function figuresOf({ lending, forecast }: BacktestResult): Map<string, number> {
  const figures = new Map<string, number>()
  for (const run of lending?.runs ?? []) {
    for (const figure of LENDING_FIGURES) figures.set(`${run.period} ${run.policy} ${run.knob} ${figure}`, run[figure])
  }
  for (const cell of forecast?.cells ?? []) {
    for (const figure of FORECAST_FIGURES)
      figures.set(`${cell.asset} ${cell.horizon} ${cell.model} ${figure}`, cell[figure])
  }
  return figures
}

/** Every value of a config under its path: `lending.oracle.nodes` → `4`. */
function leaves(value: Json, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, String(value)]])
  return new Map(
    Object.entries(value).flatMap(([name, each]) => [...leaves(each, path === '' ? name : `${path}.${name}`)]),
  )
}
