import { BPS } from '../../oracle-node/core/units.ts'
import { closeFactor, liquidation } from './aave.ts'
import { largestValue, placeOfLargest, setValue, valueAt } from './max-tree.ts'
import { averageDiscount, displaced, type RepayRange, repayRange } from './order-book.ts'
import { debtOf, type Run, rank, soundRatio, takeOff, writeOff } from './run.ts'

/**
 * Liquidators go through all unsound positions, the worst first and each at most once, and take what pays. Every sale moves the book for
 * the next, so that a fall which many positions do not survive leaves some of them standing.
 * @param seen Room for every seat.
 */
export function liquidateAll(run: Run, seen: Int32Array): void {
  const sound = soundRatio(run, run.current.liquidationThresholdBps)
  if (largestValue(run.ratios) <= sound) return
  let count = 0
  for (;;) {
    const range = rangeNow(run)
    if (range === undefined) break
    const seat = placeOfLargest(run.ratios, seatsWorth(run, range.leastUsd))
    const ratio = seat < 0 ? 0 : valueAt(run.ratios, seat)
    if (ratio <= sound) break
    // Out of the ranking until all are through.
    setValue(run.ratios, seat, 0)
    seen[count++] = seat
    liquidateOne(run, seat, { range, ratio, health: sound / ratio })
  }
  for (let each = 0; each < count; each++) rank(run, seen[each] ?? 0)
}

/** What it pays to repay with the book as it is. A liquidator sells what is left of the collateral when the protocol has taken its fee. */
function rangeNow({ input, now, displacement }: Run): RepayRange | undefined {
  const { setup, liquidators } = input
  const bonus = (setup.liquidationBonusBps / BPS) * (1 - setup.liquidationProtocolFeeBps / BPS)
  return repayRange(
    { displacement, depthUsd: now.depthUsd },
    {
      worth: ((1 + bonus) * now.priceUsd) / now.oraclePriceUsd,
      profitMin: liquidators.profitMin,
      gasUsd: liquidators.gasUsd,
    },
  )
}

/** How many seats, from the first, bring enough for so much debt to be repaid from their collateral. */
function seatsWorth({ brings, input, now }: Run, repaidUsd: number): number {
  const tokens = (repaidUsd * (1 + input.setup.liquidationBonusBps / BPS)) / now.oraclePriceUsd
  // A position may hold more than its borrower brings by what rounding adds.
  const least = tokens * (1 - 1e-6)
  let from = 0
  let to = brings.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((brings[middle] ?? 0) >= least) from = middle + 1
    else to = middle
  }
  return from
}

function liquidateOne(
  run: Run,
  seat: number,
  found: { readonly range: RepayRange; readonly ratio: number; readonly health: number },
): void {
  const { setup } = run.input
  const { oraclePriceUsd, debtPriceUsd } = run.now
  const { leastUsd, mostUsd } = found.range
  const collateral = run.collateral[seat] ?? 0
  const debt = debtOf(run, seat)
  const byCollateral = (collateral * oraclePriceUsd) / (1 + setup.liquidationBonusBps / BPS)
  const allowedUsd = Math.min(debt * closeFactor(found.health) * debtPriceUsd, byCollateral)
  if (allowedUsd < leastUsd) return
  const taken = liquidation({
    collateral,
    debt,
    collateralPriceUsd: oraclePriceUsd,
    debtPriceUsd,
    bonusBps: setup.liquidationBonusBps,
    protocolFeeBps: setup.liquidationProtocolFeeBps,
    healthFactor: found.health,
    // The market takes less than was offered where less is allowed.
    debtToCover: mostUsd < allowedUsd ? mostUsd / debtPriceUsd : debt,
  })
  takeOff(run, seat, taken.debtCovered, taken.collateralSeized)
  count(run, found.ratio, taken)
  run.tell?.({ kind: 'liquidate', time: run.now.time, borrower: run.borrowerOf[seat] ?? 0, ...taken })
  if (run.collateral[seat] === 0) run.totals.writtenOffUsd += writeOff(run, seat) * debtPriceUsd
}

function count(run: Run, ratio: number, taken: ReturnType<typeof liquidation>): void {
  const { totals, now, displacement } = run
  const book = { displacement, depthUsd: now.depthUsd }
  const soldUsd = (taken.collateralSeized - taken.protocolFee) * now.priceUsd
  const proceedsUsd = soldUsd * (1 - averageDiscount(book, soldUsd))
  const seizedUsd = taken.collateralSeized * now.priceUsd
  run.displacement = displaced(book, soldUsd)
  totals.liquidations += 1
  run.liquidatedUsd += seizedUsd
  totals.liquidatorProfitUsd += proceedsUsd - taken.debtCovered * now.debtPriceUsd - run.input.liquidators.gasUsd
  totals.earnedUsd += taken.protocolFee * now.priceUsd
  if (ratio <= soundRatio(run, run.thresholdBefore)) totals.liquidatedByPolicyUsd += seizedUsd
}
