import { consolidate, type QuoteRates } from './consolidate.ts'
import { type DepthProfile, depthProfile, type LadderInUsd, recordDepth } from './depth.ts'
import { type AssetMarket, type MarketTick, type Rejection, sourceId } from './market.ts'
import { median } from './stats.ts'
import { SECONDS_PER_HOUR, type UnixSeconds } from './units.ts'
import { believedVolume, TURNOVER_MAX, venueWeights, weightedMedian } from './venue-weights.ts'

/** Why an asset has no market now. */
export type MarketAbstention = 'too-few-venues' | 'venues-disagree' | 'too-few-bars' | 'reference-disagrees'
export type SourceRejection = { readonly source: string; readonly reason: Rejection; readonly detail: string }

export type Assessment = { readonly rejections: readonly SourceRejection[] } & (
  | { readonly ok: true; readonly market: AssetMarket }
  | { readonly ok: false; readonly reason: MarketAbstention; readonly detail: string }
)

/** Venues disagreed by 10 to 32 bps at the 99th percentile of March 2023's minutes: within this nobody is an outlier. */
export const OUTLIER_FLOOR = 0.01
/** Beyond this of the median nobody is believed, so accepted prices span 5 % at most and two venues further apart both go. */
export const OUTLIER_CEILING = 0.025
/** Between floor and ceiling: so many median absolute deviations (3 standard deviations of a normal law have 4.4). */
export const OUTLIER_DEVIATIONS = 5
/** A venue that no other agrees with may not be further from its own last day's median: hours of bad prints move that but slowly. */
export const LONE_JUMP_MAX = 0.5
export const LONE_JUMP_HOURS = 24
/** So many venues in dollars can tell that a stablecoin's rate is wrong, even with one liar among them. */
export const CAMP_MIN = 3
/** Converted by a right rate, markets in stablecoins were within 10 to 32 bps of those in dollars at the 99th percentile. */
export const CAMP_DISTANCE_MAX = 0.01
/** What a venue's weight rests on. */
const VOLUME_HOURS = 24
/** The newest consolidated hour may have ended so long ago: the hour that is open, and one that a venue is late with. */
export const LAST_HOUR_AGE_MAX_SECONDS: number = 2 * SECONDS_PER_HOUR

type Quote = {
  readonly id: string
  readonly tick: MarketTick
  readonly usd: number
  readonly rate: number
  /** USD that the last day's bars traded; a pool has no bars. */
  readonly volumeUsd: number | undefined
  /** USD to sell the price down by 2 % here, from its own mid. */
  readonly depthUsd: number | undefined
}

/**
 * One asset over its sources: the median over venues of each venue's median price, as DESIGN §2 defines a price, so that a venue
 * with many markets has one voice; venues weigh by believed volume under a cap (`venue-weights.ts`). Sources without a quote
 * rate, outliers and lone jumps are named and left out; fewer venues than `venuesMin` left, and the asset abstains. A majority
 * that lies alike is believed: no median survives that. The result does not depend on the order of `ticks`.
 * @param rates USD of one unit of each quote currency but USD; a source in a currency without one is dropped.
 */
export function assessMarket(args: {
  readonly asset: string
  readonly ticks: readonly MarketTick[]
  readonly rates: QuoteRates
  readonly venuesMin: number
  readonly now: UnixSeconds
}): Assessment {
  const { asset, ticks, rates, venuesMin, now } = args
  const rejections: SourceRejection[] = []
  const quotes = inUsd(ticks, rates, rejections)
  const apart = quoteCamps(quotes)
  if (apart !== undefined) return { ok: false, reason: 'venues-disagree', detail: `${asset}: ${apart}`, rejections }
  const { accepted, priceUsd } = believed(quotes, rejections)
  rejections.push(...accepted.flatMap(washed))
  rejections.sort(bySource)
  const venues = venuesOf(accepted)
  if (accepted.length === 0 || venues.size < venuesMin) {
    const detail = `${asset}: ${venues.size} of ${venuesOf(ticks.map((tick) => ({ tick }))).size} venues left; ${venuesMin} are needed`
    const disagree = venuesOf(quotes).size >= Math.max(2, venuesMin)
    return { ok: false, reason: disagree ? 'venues-disagree' : 'too-few-venues', detail, rejections }
  }
  const bars = consolidate(accepted.map(carried), rates, now)
  const last = bars.at(-1)
  const age = last === undefined ? now : now - (last.openTime + SECONDS_PER_HOUR)
  if (age > LAST_HOUR_AGE_MAX_SECONDS) {
    const detail = `${asset}: the last hour ended ${age} s ago; ${LAST_HOUR_AGE_MAX_SECONDS} s is the most`
    return { ok: false, reason: 'too-few-bars', detail, rejections }
  }
  return { ok: true, market: marketOf(accepted, priceUsd, bars), rejections }
}

function inUsd(ticks: readonly MarketTick[], rates: QuoteRates, rejections: SourceRejection[]): Quote[] {
  const quotes: Quote[] = []
  for (const tick of ticks) {
    const id = sourceId(tick.source)
    const rate = tick.source.quote === 'USD' ? 1 : rates[tick.source.quote]?.now
    if (rate !== undefined) quotes.push(quoteOf(tick, rate))
    else rejections.push({ source: id, reason: 'no-quote-rate', detail: `no USD rate of ${tick.source.quote} now` })
  }
  rejections.sort(bySource)
  return quotes.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function bySource(a: SourceRejection, b: SourceRejection): number {
  return a.source < b.source ? -1 : 1
}

function quoteOf(tick: MarketTick, rate: number): Quote {
  const { bars, ladder, price } = tick
  const end = bars.at(-1)?.openTime ?? 0
  const day = bars.filter(({ openTime }) => openTime > end - VOLUME_HOURS * SECONDS_PER_HOUR)
  return {
    id: sourceId(tick.source),
    tick,
    usd: price * rate,
    rate,
    volumeUsd: day.length === 0 ? undefined : rate * day.reduce((sum, { volume }) => sum + volume, 0),
    depthUsd: ladder && rate * recordDepth(depthProfile([{ ladder, rate: 1 }], price)),
  }
}

/** A volume that its book cannot carry is cut to what it can, and named; the price stays in, for others check it. */
function washed(quote: Quote): SourceRejection[] {
  const { id, volumeUsd, depthUsd } = quote
  if (believedVolume(quote) === volumeUsd) return []
  const detail = `${volumeUsd} USD in 24 h on a book of ${depthUsd} USD; ${TURNOVER_MAX} times that is believed`
  return [{ source: id, reason: 'wash-volume', detail }]
}

/** A tick whose bars hold no more volume than its book can carry. */
function carried(quote: Quote): MarketTick {
  const { tick, volumeUsd } = quote
  const volume = believedVolume(quote)
  if (volume === undefined || volumeUsd === undefined || volume === volumeUsd) return tick
  const share = volume / volumeUsd
  return { ...tick, bars: tick.bars.map((bar) => ({ ...bar, volume: bar.volume * share })) }
}

/**
 * Who is believed, and the price: the median of all who were asked, not of those who are left, for then whoever has an honest venue
 * rejected would gain its weight.
 */
type Believed = { readonly accepted: readonly Quote[]; readonly priceUsd: number }

/**
 * Who agrees; and where nobody does, whoever has not just left its own past: with two venues, one of them off by ten, that tells
 * which. In a real crash all leave it, and the asset abstains.
 */
function believed(quotes: readonly Quote[], rejections: SourceRejection[]): Believed {
  if (venuesOf(quotes).size < 2) {
    const accepted = steady(quotes, rejections)
    return { accepted, priceUsd: accepted.length === 0 ? 0 : median(accepted.map(({ usd }) => usd)) }
  }
  const outliers: SourceRejection[] = []
  const agreed = agreeing(quotes, outliers)
  const jumps: SourceRejection[] = []
  const unmoved = agreed.accepted.length > 0 ? [] : steady(quotes, jumps)
  if (unmoved.length > 0 && jumps.length > 0) {
    rejections.push(...jumps)
    return believed(unmoved, rejections)
  }
  rejections.push(...outliers)
  return agreed
}

/** Those within the tolerance of the median of venues: five median absolute deviations, clamped to floor and ceiling. */
function agreeing(quotes: readonly Quote[], rejections: SourceRejection[]): Believed {
  const { prices, weights } = votesOf(quotes)
  const centre = weightedMedian(prices, weights)
  const away = prices.map((price) => Math.abs(price - centre))
  const deviation = weightedMedian(away, weights) / centre
  const tolerance = Math.min(OUTLIER_CEILING, Math.max(OUTLIER_FLOOR, OUTLIER_DEVIATIONS * deviation))
  const accepted = quotes.filter(({ id, usd }) => {
    const distance = Math.abs(usd / centre - 1)
    if (distance <= tolerance) return true
    rejections.push({
      source: id,
      reason: 'outlier',
      detail: `${usd} USD is ${distance} away from the venues' median ${centre}; ${tolerance} is the most`,
    })
    return false
  })
  return { accepted, priceUsd: centre }
}

/** Without another venue's word there is only the own past to judge by: the median close of the last hours that ended before the price was made. */
function steady(quotes: readonly Quote[], rejections: SourceRejection[]): Quote[] {
  return quotes.filter(({ id, tick }) => {
    const before = tick.bars.filter((bar) => bar.openTime + SECONDS_PER_HOUR < tick.time).slice(-LONE_JUMP_HOURS)
    const jump = before.length === 0 ? 0 : Math.abs(tick.price / median(before.map((bar) => bar.close)) - 1)
    if (jump <= LONE_JUMP_MAX) return true
    rejections.push({
      source: id,
      reason: 'jump',
      detail: `${tick.price} is ${jump} away from its own last day, and no other venue agrees with it; ${LONE_JUMP_MAX} is the most`,
    })
    return false
  })
}

function marketOf(quotes: readonly Quote[], priceUsd: number, bars: AssetMarket['bars']): AssetMarket {
  const prices = quotes.map(({ usd }) => usd)
  const ladders = quotes.flatMap(({ tick, rate }): LadderInUsd[] =>
    tick.ladder === undefined ? [] : [{ ladder: tick.ladder, rate }],
  )
  const depth: { depth?: DepthProfile } = ladders.length === 0 ? {} : { depth: depthProfile(ladders, priceUsd) }
  const dispersion = (Math.max(...prices) - Math.min(...prices)) / 2 / priceUsd
  return { priceUsd, dispersion, bars, ...depth, ladders, sources: quotes.map(({ id }) => id) }
}

/** One price and one weight a venue: the median over its markets, and what they trade together. */
function votesOf(quotes: readonly Quote[]): { readonly prices: number[]; readonly weights: number[] } {
  const perVenue = byVenue(quotes)
  return {
    prices: perVenue.map(([, own]) => median(own.map(({ usd }) => usd))),
    weights: venueWeights(
      perVenue.map(([, own]) => ({ volumeUsd: total(own, 'volumeUsd'), depthUsd: total(own, 'depthUsd') })),
    ),
  }
}

function byVenue(quotes: readonly Quote[]): [string, readonly Quote[]][] {
  return [...venuesOf(quotes)].map((venue) => [venue, quotes.filter(({ tick }) => tick.source.venue === venue)])
}

/**
 * Prices converted by one stablecoin's rate move as one when that rate is wrong, and could outvote honest dollars: with three venues
 * or more in dollars, the two camps have to agree.
 */
function quoteCamps(quotes: readonly Quote[]): string | undefined {
  const inDollars = byVenue(quotes.filter(({ tick }) => tick.source.quote === 'USD'))
  const converted = byVenue(quotes.filter(({ tick }) => tick.source.quote !== 'USD'))
  // A single converted venue outvotes nobody: it is judged as an outlier like any other.
  if (inDollars.length < CAMP_MIN || converted.length < 2) return undefined
  const middle = (camp: [string, readonly Quote[]][]): number =>
    median(camp.map(([, own]) => median(own.map(({ usd }) => usd))))
  const [dollars, coins] = [middle(inDollars), middle(converted)]
  if (Math.abs(coins / dollars - 1) <= CAMP_DISTANCE_MAX) return undefined
  return `markets in USD agree on ${dollars}, those in stablecoins on ${coins}; ${CAMP_DISTANCE_MAX} apart is the most`
}

/** Over those markets of a venue that tell; nothing where none does. */
function total(quotes: readonly Quote[], key: 'volumeUsd' | 'depthUsd'): number | undefined {
  const known = quotes.map((quote) => quote[key]).filter((value) => value !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0)
}

function venuesOf(quotes: ReadonlyArray<{ readonly tick: MarketTick }>): Set<string> {
  return new Set(quotes.map(({ tick }) => tick.source.venue))
}
