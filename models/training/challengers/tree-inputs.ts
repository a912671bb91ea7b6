import { LOG_INPUTS, logInputs } from '../../baselines/log-inputs.ts'

/** One input of the trees as a sum of log inputs. */
type TreeInput = { readonly name: string; readonly terms: ReadonlyArray<readonly [name: string, sign: 1 | -1]> }

const WEEK = 'realized_7d'
const MARKET_WEEK = 'market_realized_7d'

/**
 * A tree cannot subtract: it would spell a difference of two logarithms in stairs. So each logarithm is given less that of its week, the asset's
 * week less the market's, falls and shares as they are, and of levels the market's week alone, as log-HAR fits them: with the asset's own
 * level, what trees learned of volatile assets did not hold for a peg.
 */
export const TREE_INPUTS: readonly TreeInput[] = [
  ...LOG_INPUTS.flatMap((input): TreeInput[] =>
    input.kind === 'log' && input.name !== input.week
      ? [{ name: `${input.name} − ${input.week}`, terms: differenceOf(input.name, input.week) }]
      : [],
  ),
  { name: `${WEEK} − ${MARKET_WEEK}`, terms: differenceOf(WEEK, MARKET_WEEK) },
  ...LOG_INPUTS.flatMap(({ kind, name }): TreeInput[] => (kind === 'log' ? [] : [itself(name)])),
  itself(MARKET_WEEK),
]

/** Row by row [LOG_INPUTS, TREE_INPUTS]: log inputs times this are the trees' inputs, to the bit, since at most two terms are not zero. */
export const TREE_INPUT_MATRIX: readonly number[] = LOG_INPUTS.flatMap(({ name }) =>
  TREE_INPUTS.map(({ terms }) => terms.find(([of]) => of === name)?.[1] ?? 0),
)

const PLACES = new Map(LOG_INPUTS.map(({ name }, place) => [name, place]))
const TERMS = TREE_INPUTS.map(({ terms }) => terms.map(([name, sign]) => ({ place: PLACES.get(name) ?? -1, sign })))

export function treeInputs(values: readonly number[]): Float64Array {
  return treeInputsOf(logInputs(values))
}

/** The same, of log inputs that were worked out before. */
export function treeInputsOf(inputs: Float64Array): Float64Array {
  const row = new Float64Array(TERMS.length)
  for (const [index, terms] of TERMS.entries()) {
    let sum = 0
    for (const { place, sign } of terms) sum += sign * (inputs[place] ?? Number.NaN)
    row[index] = sum
  }
  return row
}

function differenceOf(name: string, less: string): TreeInput['terms'] {
  return [
    [name, 1],
    [less, -1],
  ]
}

function itself(name: string): TreeInput {
  return { name, terms: [[name, 1]] }
}
