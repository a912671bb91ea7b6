import { z } from 'zod'

const bps = z.int().min(0).max(10_000)
export const day: z.ZodString = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'needs a day such as 2022-05-09')
  .refine((text) => isOfCalendar(`${text}T00:00Z`), 'is no day of the calendar')
const hour = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:00Z$/, 'needs a full hour such as 2022-05-09T14:00Z')
  .refine(isOfCalendar, 'is no hour of the calendar')
export const assetName: z.ZodString = z
  .string()
  .regex(/^[A-Za-z0-9.-]{1,28}$/, 'needs an asset of 1 to 28 letters, digits, dots or dashes')
/** Of one line, without what would move a terminal's cursor. */
const text = (most: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^\P{Cc}*$/u, 'has control characters')
const share = z.number().min(0).max(1)

/** The 30th of February is read as one of March, not refused. */
function isOfCalendar(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 16) === text.slice(0, 16)
}

/** A list in which nothing stands twice, since it would count twice. */
export function distinct<T extends z.ZodType<string | number>>(each: T, most: number): z.ZodArray<T> {
  return z
    .array(each)
    .min(1)
    .max(most)
    .refine((all) => new Set(all).size === all.length, 'names something twice')
}

const SEEDS_MAX = 100
const KNOBS_MAX = 40
const BORROWERS_MAX = 1_000_000
const ASSETS_MAX = 1_000

/** Synthetic stress on top of a recorded period. Percentages of the price or depth then. */
const stress = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('gap'),
      at: hour,
      fall: z.number().min(0).lt(1),
      recover: share.default(0),
      recoverHours: z.number().min(0).max(720).default(0),
    })
    .refine(({ recover, recoverHours }) => recover === 0 || recoverHours > 0, {
      path: ['recoverHours'],
      error: 'is needed where recover is not 0',
    }),
  z.strictObject({
    kind: z.literal('depth-collapse'),
    at: hour,
    hours: z.number().positive().max(720),
    factor: share,
    recoverHours: z.number().min(0).max(720).default(0),
  }),
  z.strictObject({ kind: z.literal('venue-outage'), at: hour, hours: z.number().positive().max(720) }),
  z.strictObject({
    kind: z.literal('oracle-manipulation'),
    at: hour,
    minutes: z.number().positive().max(1_440),
    move: z.number().min(-0.95).max(10),
  }),
])

const period = z.union([
  z.strictObject({
    crisis: z.string(),
    assets: distinct(assetName, ASSETS_MAX).optional(),
    beforeDays: z.int().min(1).max(1_000).optional(),
    afterDays: z.int().min(0).max(1_000).optional(),
    stress: z.array(stress).max(20).default([]),
  }),
  z
    .strictObject({
      id: z.string().regex(/^[a-z0-9-]{1,40}$/, 'needs 1 to 40 small letters, digits or dashes'),
      title: text(120),
      from: day,
      to: day,
      assets: distinct(assetName, ASSETS_MAX),
      stress: z.array(stress).max(20).default([]),
    })
    .refine(({ from, to }) => from < to, { path: ['to'], error: 'is not after from' }),
])

/** What of one market a config may state; the rest is what Aave was recorded with. */
const market = z
  .strictObject({
    ltvBps: bps.optional(),
    liquidationThresholdBps: bps.optional(),
    liquidationBonusBps: bps.optional(),
    liquidationProtocolFeeBps: bps.optional(),
    reserveFactorBps: bps.optional(),
    /** All that borrowers would bring, over what could be sold within the liquidation bonus at the start. */
    demandOverLiquidity: z.number().positive().max(10_000).optional(),
    /** Whole USD instead. */
    demandUsd: z.number().positive().max(1e12).optional(),
    /** A file of measured depths: what the market has where they reach, and the most that a record promises. */
    depths: z.string().min(1).optional(),
    /** A file of positions instead of a drawn population. */
    positions: z.string().min(1).optional(),
    /** USD that can be sold before the price falls 2 %, where the data have no volume to say so. */
    depthUsd: z.number().positive().max(1e12).optional(),
    /** The debt's token is worth what this asset is; 1 USD when absent. */
    debt: assetName.optional(),
  })
  .refine(({ demandOverLiquidity, demandUsd }) => demandOverLiquidity === undefined || demandUsd === undefined, {
    path: ['demandUsd'],
    error: 'and demandOverLiquidity say the same thing twice',
  })

const use = z.discriminatedUnion('distribution', [
  z.strictObject({
    distribution: z.literal('beta'),
    mean: z.number().gt(0).lt(1),
    concentration: z.number().positive().max(1_000),
  }),
  z
    .strictObject({ distribution: z.literal('uniform'), from: share, to: share })
    .refine(({ from, to }) => from <= to, { path: ['to'], error: 'is below from' }),
  z.strictObject({ distribution: z.literal('fixed'), value: share }),
])

const knobs = distinct(z.number().min(-10_000).max(10_000), KNOBS_MAX)
/** Where two policies of one kind are compared, each needs an id of its own. */
const named = {
  id: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'needs 1 to 40 small letters, digits or dashes')
    .exactOptional(),
  title: text(60).exactOptional(),
}
/** What governance would set of one parameter, over the demonstration market's bounds. */
const bound = z.strictObject({
  floor: z.number().min(0).exactOptional(),
  ceiling: z.number().min(0).exactOptional(),
  tightenStep: z.number().min(0).exactOptional(),
  loosenStep: z.number().min(0).exactOptional(),
  tightenDelay: z.number().min(0).exactOptional(),
  loosenDelay: z.number().min(0).exactOptional(),
  deadband: z.number().min(0).exactOptional(),
})
export const boundsSchema = z.strictObject({
  ltv: bound.exactOptional(),
  liquidationThreshold: bound.exactOptional(),
  supplyCap: bound.exactOptional(),
  borrowCap: bound.exactOptional(),
})
const policy = z.discriminatedUnion('kind', [
  z.strictObject({ ...named, kind: z.literal('static'), gapBps: bps.exactOptional(), knobs: knobs.default([0]) }),
  z.strictObject({
    ...named,
    kind: z.enum(['plimsoll', 'ewma']),
    knobs: knobs.default([1]),
    moveCaps: z.boolean().default(true),
    /** Records an hour that the steward acts on; a round every 15 minutes when absent. */
    roundsPerHour: z.int().min(1).max(60).exactOptional(),
    bounds: boundsSchema.exactOptional(),
  }),
  z.strictObject({ ...named, kind: z.literal('smart-ltv'), knobs: knobs.optional() }),
  z.strictObject({
    ...named,
    kind: z.literal('function'),
    file: z.string().min(1),
    knobs: knobs.default([1]),
    reads: z.enum(['plimsoll', 'ewma', 'range', 'none']).default('plimsoll'),
  }),
])

const borrowers = z.strictObject({
  count: z.int().min(1).max(BORROWERS_MAX).default(10_000),
  /** Pareto's α: smaller is a heavier tail of large positions. */
  sizeTail: z.number().gt(1).max(10).default(1.16),
  /** The largest that a borrower can be over the smallest. */
  sizeRange: z.number().min(1).max(1e9).default(10_000),
  use: use.prefault({ distribution: 'beta', mean: 0.65, concentration: 6 }),
  loopers: z.strictObject({ share, use: share }).prefault({ share: 0.1, use: 0.95 }),
  actEveryDays: z.number().positive().max(3_650).default(14),
  defendChance: share.default(0.05),
  defendBelowHealth: z.number().min(1).max(10).default(1.05),
})

const liquidators = z.strictObject({
  gasUsd: z.number().min(0).max(1e6).default(50),
  refillHalfLifeHours: z.number().positive().max(1_000).default(1),
  profitMin: z.number().min(0).max(1).default(0),
})

const rates = z.strictObject({
  optimalUtilisation: z.number().gt(0).lt(1).default(0.8),
  base: z.number().min(0).max(10).default(0),
  slope1: z.number().min(0).max(10).default(0.038),
  slope2: z.number().min(0).max(100).default(0.8),
})

const oracle = z
  .strictObject({
    nodes: z.int().min(1).max(100).default(4),
    liars: z.int().min(0).max(100).default(0),
    lie: z.enum(['calm', 'panic', 'price-up', 'price-down']).default('calm'),
    noiseBps: z.number().min(0).max(1_000).default(0),
    dispersionBps: z.number().min(0).max(10_000).default(5),
    delaySeconds: z.int().min(0).max(86_400).default(60),
    validForSeconds: z.int().min(1).max(65_535).default(7_200),
    /** The market's own price oracle, such as Chainlink's. */
    priceFeed: z
      .strictObject({
        deviationBps: z.number().min(0).max(10_000).default(50),
        heartbeatSeconds: z.int().min(900).max(604_800).default(3_600),
        delaySeconds: z.int().min(0).max(86_400).default(60),
      })
      .prefault({}),
  })
  .refine(({ liars, nodes }) => liars <= nodes, { path: ['liars'], error: 'are more than there are nodes' })

const verdict = z.strictObject({
  policy: z.string().default('plimsoll'),
  /** The most that its bad debt may be of each other's, at equal capacity. */
  against: z.record(z.string(), z.number().min(0).max(10)).default({ static: 0.5, ewma: 1 }),
  /** What every policy's knob is chosen to give, on all periods but the one that is judged: this policy's capacity at its first knob. */
  capacityOf: z.string().default('static'),
})

export const lendingSchema = z.strictObject({
  periods: z.array(period).min(1).max(100),
  beforeDays: z.int().min(1).max(1_000).default(60),
  afterDays: z.int().min(0).max(1_000).default(14),
  warmUpDays: z.int().min(0).max(365).default(14),
  markets: z.record(assetName, market).default({}),
  defaults: market.prefault({ demandOverLiquidity: 10 }),
  borrowers: borrowers.prefault({}),
  liquidators: liquidators.prefault({}),
  rates: rates.prefault({}),
  /** Units of the debt token that suppliers hold in the reserve, over what could be borrowed at the start. */
  liquidityOverDebt: z.number().positive().max(100).default(1.25),
  oracle: oracle.prefault({}),
  policies: z.array(policy).min(1).max(20),
  /** What the plimsoll policy reads: the default model, or a quicker one. */
  forecaster: z.enum(['plimsoll', 'log-har']).default('plimsoll'),
  refitEveryDays: z.int().min(1).max(3_650).default(90),
  seeds: z.int().min(1).max(SEEDS_MAX).default(2),
  verdict: verdict.prefault({}),
})

export type LendingConfig = z.infer<typeof lendingSchema>
