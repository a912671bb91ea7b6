import exp from '@stdlib/math-base-special-exp'

/*
 * A linear order book: of D USD sold, all at the price before, D being the depth, the price falls by 2 %. What has been sold and not
 * yet been refilled is the displacement: the fall of the price at which the next sale begins, as a ratio.
 */

/** Depths are measured to a fall of 2 %. */
const DEPTH_FALL = 0.02

export type Book = { readonly displacement: number; readonly depthUsd: number }

/** What a sale loses on average, as a ratio: the fall before it and half of its own. */
export function averageDiscount({ displacement, depthUsd }: Book, soldUsd: number): number {
  return displacement + (DEPTH_FALL * soldUsd) / (2 * depthUsd)
}

/** The displacement after a sale. */
export function displaced({ displacement, depthUsd }: Book, soldUsd: number): number {
  return displacement + (DEPTH_FALL * soldUsd) / depthUsd
}

/** The share of a displacement that is left after some time. */
export function unfilledShare(hours: number, halfLifeHours: number): number {
  return halfLifeHours === 0 ? 0 : exp((-Math.LN2 * hours) / halfLifeHours)
}

/** USD that a liquidator may repay: at `most` the last one earns just what it must, and below `least` gas eats the profit. */
export type RepayRange = { readonly leastUsd: number; readonly mostUsd: number }

/**
 * How much debt it pays to repay. Repaying R brings R·w of collateral, sold into the book, so that beyond the profit asked for it earns
 * −a·R² + c·R − gas with c = w·(1 − displacement) − 1 − profitMin and a = 2 % · w² / (2 · depth). That is largest at R = c / 2a, and
 * from the lower root of the quadratic on there is something to earn.
 * @param worth USD of collateral, at the price before any sale, for each USD repaid.
 * @returns undefined where no amount pays.
 */
export function repayRange(
  book: Book,
  terms: { readonly worth: number; readonly profitMin: number; readonly gasUsd: number },
): RepayRange | undefined {
  const { worth, profitMin, gasUsd } = terms
  const margin = worth * (1 - book.displacement) - 1 - profitMin
  if (!(margin > 0 && book.depthUsd > 0)) return undefined
  const curvature = (DEPTH_FALL * worth * worth) / (2 * book.depthUsd)
  const discriminant = margin * margin - 4 * curvature * gasUsd
  if (discriminant < 0) return undefined
  return { leastUsd: (2 * gasUsd) / (margin + Math.sqrt(discriminant)), mostUsd: margin / (2 * curvature) }
}
