/**
 * Every choice of `size` of the numbers 0 to `count` − 1, in lexicographic order.
 * @throws {RangeError} when there are more than `most`, before any is made.
 */
export function combinations(count: number, size: number, most: number, field: string): number[][] {
  const total = binomial(count, size)
  if (total > most) throw new RangeError(`${field}: ${size} of ${count} are ${total} splits, at most ${most}`)
  const choices: number[][] = []
  const extend = (chosen: readonly number[], from: number): void => {
    if (chosen.length === size) {
      choices.push([...chosen])
      return
    }
    for (let next = from; next <= count - (size - chosen.length); next++) extend([...chosen, next], next + 1)
  }
  extend([], 0)
  return choices
}

/** C(count, size). */
export function binomial(count: number, size: number): number {
  let product = 1
  for (let index = 1; index <= size; index++) product = (product * (count - size + index)) / index
  return Math.round(product)
}
