import ln from '@stdlib/math-base-special-ln'
import {
  closeFactor,
  compoundedInterest,
  healthFactor,
  liquidation,
  variableBorrowRate,
} from '../../backtests/lending/aave.ts'
import { coinsOf, isWatching } from '../../backtests/lending/calendar.ts'
import type { MarketInput } from '../../backtests/lending/market.ts'
import { averageDiscount, displaced, repayRange } from '../../backtests/lending/order-book.ts'
import { mulberry32 } from '../../backtests/metrics/generator.ts'

type Position = {
  readonly borrower: number
  readonly brings: number
  readonly use: number
  readonly begins: number
  collateral: number
  debt: number
}

/** What a reference run says of one hour; the names are those of MarketHours. */
type ReferenceHour = Readonly<
  Record<
    'collateralUsd' | 'debtUsd' | 'capacityUsd' | 'liquidatedUsd' | 'badDebtUsd' | 'equityUsd' | 'supplyCap' | 'ltvBps',
    number
  >
>

/**
 * The lending market as one would first write it: every position is looked at in every point, debts grow one by one, and all sums are
 * taken anew. Slow, and nothing in it is clever; what the engine does fast has to come out the same.
 */
export class ReferenceMarket {
  readonly hours: ReferenceHour[] = []
  liquidations = 0
  profitUsd = 0
  byPolicyUsd = 0
  private writtenOff = 0
  private earned = 0
  private liquidated = 0
  private displacement = 0
  private cash: number
  private current: MarketInput['setup']
  private thresholdBefore = 0
  private readonly price = { oracle: 0, market: 0, debt: 1, depth: 0 }
  private readonly positions: Position[]
  private readonly agenda = new Map<number, Position[]>()
  private readonly draw: () => number

  private readonly input: MarketInput

  constructor(input: MarketInput) {
    const { borrowers, setup } = input
    this.input = input
    this.current = setup
    this.draw = mulberry32(input.seed)
    this.positions = [...borrowers.collateral].map((brings, borrower) => {
      const use = Math.min(borrowers.use[borrower] ?? 0, 1 - 1e-9)
      return { borrower, brings, use, begins: borrowers.debt[borrower] ?? 0, collateral: 0, debt: 0 }
    })
    this.moveTo(0)
    const power = (this.total(({ brings }) => brings) * this.price.oracle * setup.ltvBps) / 10_000 / this.price.debt
    this.cash = input.liquidityOverDebt * power
    for (let hour = 0; hour < input.path.priceUsd.length / 4; hour++) this.passHour(hour)
  }

  private passHour(hour: number): void {
    if (hour === this.input.warmUpHours) {
      this.writtenOff = this.earned = this.byPolicyUsd = this.profitUsd = this.liquidations = 0
    }
    this.liquidated = 0
    this.moveTo(4 * hour)
    if (hour > 0) this.accrue()
    this.askPolicy(hour)
    if (hour === 0) this.openAll()
    for (const position of this.agenda.get(hour) ?? []) {
      this.act(position)
      this.enter(position, hour)
    }
    let worst = Number.POSITIVE_INFINITY
    for (let point = 4 * hour; point < 4 * hour + 4; point++) {
      this.moveTo(point)
      const { refillHalfLifeHours } = this.input.liquidators
      this.displacement *= refillHalfLifeHours === 0 ? 0 : 0.5 ** (0.25 / refillHalfLifeHours)
      const sound = (this.price.oracle * this.current.liquidationThresholdBps) / this.price.debt
      if (sound < worst) this.defendAll(hour)
      worst = Math.min(worst, sound)
      this.liquidateAll()
    }
    if (hour >= this.input.warmUpHours) this.record()
  }

  private moveTo(point: number): void {
    const { path } = this.input
    this.price.oracle = path.oraclePriceUsd[point] ?? 0
    this.price.market = path.priceUsd[point] ?? 0
    this.price.debt = path.debtPriceUsd?.[point] ?? 1
    this.price.depth = path.depthUsd[point] ?? 0
  }

  private total(of: (position: Position) => number): number {
    return this.positions.reduce((sum, each) => sum + of(each), 0)
  }

  private debtTotal(): number {
    return this.total(({ debt }) => debt)
  }

  private accrue(): void {
    const { rates, setup } = this.input
    const debt = this.debtTotal()
    if (debt === 0) return
    const rate = variableBorrowRate(rates, debt / (debt + Math.max(0, this.cash)))
    const grown = compoundedInterest(rate, 3_600)
    this.earned += (debt * (grown - 1) * this.price.debt * setup.reserveFactorBps) / 10_000
    for (const position of this.positions) position.debt *= grown
  }

  private askPolicy(hour: number): void {
    const { path, policy, setup } = this.input
    const next = policy.next({
      asset: setup.asset,
      now: path.from + 3_600 * hour,
      record: undefined,
      current: this.current,
      oraclePriceUsd: this.price.oracle,
      collateralUsd: this.total(({ collateral }) => collateral) * this.price.oracle,
      debtUsd: this.debtTotal() * this.price.debt,
    })
    this.thresholdBefore = this.current.liquidationThresholdBps
    this.current = { ...this.current, ...next }
  }

  private openAll(): void {
    for (const position of this.positions.filter(({ begins }) => !Number.isNaN(begins))) {
      position.collateral = position.brings
      position.debt = position.begins
      this.cash -= position.begins
    }
    for (const position of this.positions.filter(({ begins }) => Number.isNaN(begins))) this.act(position)
    for (const position of this.positions) this.enter(position, 0)
  }

  private enter(position: Position, hour: number): void {
    const next = hour + 1 + Math.floor(-ln(1 - this.draw()) * 24 * this.input.habits.actEveryDays)
    this.agenda.set(next, [position, ...(this.agenda.get(next) ?? [])])
  }

  private health(position: Position, liquidationThresholdBps = this.current.liquidationThresholdBps): number {
    const collateralUsd = position.collateral * this.price.oracle
    return healthFactor({ collateralUsd, debtUsd: position.debt * this.price.debt, liquidationThresholdBps })
  }

  private isSunk({ debt, collateral }: Position): boolean {
    return debt * this.price.debt > collateral * this.price.market
  }

  private wanted({ use, collateral }: Position): number {
    return (use * collateral * this.price.oracle * this.current.ltvBps) / 10_000 / this.price.debt
  }

  private act(position: Position): void {
    if (this.isSunk(position)) return
    const { supplyCap } = this.current
    const supplied = this.total(({ collateral }) => collateral)
    const room = supplyCap === 0 ? Number.POSITIVE_INFINITY : supplyCap - supplied
    const tokens = Math.min(position.brings - position.collateral, room)
    if (tokens > position.brings * 1e-9) position.collateral += tokens
    const target = this.wanted(position)
    const more = target - position.debt
    const units = more > 0 ? Math.min(more, this.cash) : more
    if (Math.abs(units) <= target * 1e-9) return
    position.debt += units
    this.cash -= units
  }

  private defendAll(hour: number): void {
    const { seed, habits } = this.input
    for (const position of this.positions) {
      if (this.health(position) >= habits.defendBelowHealth || this.isSunk(position)) continue
      if (!isWatching(coinsOf(seed, hour), position.borrower, habits.defendChance)) continue
      const units = position.debt - this.wanted(position)
      if (units <= this.wanted(position) * 1e-9) continue
      position.debt -= units
      this.cash += units
    }
  }

  private liquidateAll(): void {
    const inDanger = this.positions.filter((each) => this.health(each) < 1)
    inDanger.sort((a, b) => this.health(a) - this.health(b) || b.brings - a.brings || a.borrower - b.borrower)
    for (const position of inDanger) this.liquidate(position)
  }

  private liquidate(position: Position): void {
    const { price } = this
    const { setup, liquidators } = this.input
    const fee = setup.liquidationProtocolFeeBps / 10_000
    const bonus = setup.liquidationBonusBps / 10_000
    const worth = ((1 + bonus * (1 - fee)) * price.market) / price.oracle
    const range = repayRange({ displacement: this.displacement, depthUsd: price.depth }, { ...liquidators, worth })
    if (range === undefined) return
    const hf = this.health(position)
    const allowed = position.debt * closeFactor(hf) * price.debt
    const whole = Math.min(allowed, (position.collateral * price.oracle) / (1 + bonus))
    if (whole < range.leastUsd) return
    const taken = liquidation({
      ...position,
      collateralPriceUsd: price.oracle,
      debtPriceUsd: price.debt,
      bonusBps: setup.liquidationBonusBps,
      protocolFeeBps: setup.liquidationProtocolFeeBps,
      healthFactor: hf,
      debtToCover: range.mostUsd < whole ? range.mostUsd / price.debt : position.debt,
    })
    if (this.health(position, this.thresholdBefore) >= 1) this.byPolicyUsd += taken.collateralSeized * price.market
    this.settle(position, taken)
  }

  private settle(position: Position, taken: ReturnType<typeof liquidation>): void {
    const { price } = this
    const book = { displacement: this.displacement, depthUsd: price.depth }
    const soldUsd = (taken.collateralSeized - taken.protocolFee) * price.market
    const paidUsd = taken.debtCovered * price.debt + this.input.liquidators.gasUsd
    this.profitUsd += soldUsd * (1 - averageDiscount(book, soldUsd)) - paidUsd
    this.displacement = displaced(book, soldUsd)
    this.liquidations += 1
    this.liquidated += taken.collateralSeized * price.market
    this.earned += taken.protocolFee * price.market
    this.cash += taken.debtCovered
    position.collateral -= taken.collateralSeized
    position.debt -= taken.debtCovered
    if (position.collateral > position.brings * 1e-9) return
    this.writtenOff += Math.max(0, position.debt) * price.debt
    position.collateral = 0
    position.debt = 0
  }

  private record(): void {
    const { price, current } = this
    const worth = this.total(({ collateral }) => collateral) * price.market
    const shortfall = this.total((each) => Math.max(0, each.debt * price.debt - each.collateral * price.market))
    this.hours.push({
      collateralUsd: worth,
      debtUsd: this.debtTotal() * price.debt,
      capacityUsd: (worth * current.ltvBps) / 10_000,
      liquidatedUsd: this.liquidated,
      badDebtUsd: this.writtenOff + shortfall,
      equityUsd: this.earned - this.writtenOff - shortfall,
      supplyCap: current.supplyCap,
      ltvBps: current.ltvBps,
    })
  }
}
