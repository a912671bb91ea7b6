import type { Gap } from './series.ts'

export type FoundGaps = {
  readonly expected: number
  readonly missing: number
  readonly count: number
  readonly largest: readonly Gap[]
}

/** Bars that are missing between the first and the last of strictly rising times; a time off the grid counts as the bar next to it. */
export function findGaps(times: Float64Array, stepSeconds: number, listed: number): FoundGaps {
  const gaps: Gap[] = []
  let missing = 0
  for (let index = 1; index < times.length; index += 1) {
    const [before = 0, time = 0] = [times[index - 1], times[index]]
    const lost = Math.round((time - before) / stepSeconds) - 1
    if (lost <= 0) continue
    missing += lost
    gaps.push({ from: before + stepSeconds, to: time, missing: lost })
  }
  const largest = gaps.toSorted((a, b) => b.missing - a.missing || a.from - b.from).slice(0, listed)
  return { expected: times.length + missing, missing, count: gaps.length, largest }
}

/** The step that most rows keep: the commonest difference of consecutive times; undefined where fewer than half keep one. */
export function commonStep(times: ArrayLike<number>): number | undefined {
  const counts = new Map<number, number>()
  let steps = 0
  for (let index = 1; index < times.length; index += 1) {
    const step = (times[index] ?? 0) - (times[index - 1] ?? 0)
    if (!(step > 0)) continue
    steps += 1
    // Irregular times have as many differences as rows; a step worth the name shows long before this many.
    if (counts.has(step) || counts.size < 10_000) counts.set(step, (counts.get(step) ?? 0) + 1)
  }
  const [best] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])
  return best !== undefined && best[1] * 2 >= steps ? best[0] : undefined
}
