import { FEATURE_SPEC, RETURNS_OFFSET, WINDOW_HOURS } from './feature-spec.ts'

/** Who shares in an explanation: one value of a vector, or several that say one thing together. */
export type Player = {
  readonly name: string
  readonly unit: string
  readonly words: string
  /** Places in the vector. */
  readonly indexes: readonly number[]
}

/**
 * The hourly returns as three players, by how many hours ago they began: one return in 168 says nothing to a reader, and the
 * last hour, the rest of the last day and the days before it are what models weigh differently.
 */
const SPANS: ReadonlyArray<{
  readonly name: string
  readonly words: string
  readonly from: number
  readonly to: number
}> = [
  { name: 'returns_1h', words: 'Price move, last hour', from: 0, to: 1 },
  { name: 'returns_24h', words: 'Price moves, 2 to 24 h ago', from: 1, to: 24 },
  { name: 'returns_7d', words: 'Price moves, 1 to 7 days ago', from: 24, to: WINDOW_HOURS },
]

/** Every value of the feature spec, each with one player: the scalars alone, the returns by span. */
export function featurePlayers(): Player[] {
  const newest = RETURNS_OFFSET + WINDOW_HOURS - 1
  return [
    ...FEATURE_SPEC.scalars.map(({ name, unit }, index) => ({
      name,
      unit,
      words: featureWords(name),
      indexes: [index],
    })),
    ...SPANS.map(({ name, words, from, to }) => ({
      name,
      unit: 'log return',
      words,
      indexes: Array.from({ length: to - from }, (_, back) => newest - from - back),
    })),
  ]
}

/** What a player stands at: its value, or the sum of its returns, which is the move over its span. */
export function playerValue(player: Player, values: readonly number[]): number {
  return player.indexes.reduce((sum, index) => sum + (values[index] ?? Number.NaN), 0)
}

/** What a feature is called among people; one that has no words yet is called by its name. */
export function featureWords(name: string): string {
  return WORDS.get(name) ?? name.replaceAll('_', ' ')
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['realized_1h', 'Volatility, last hour'],
  ['realized_6h', 'Volatility, last 6 h'],
  ['realized_24h', 'Volatility, last 24 h'],
  ['realized_7d', 'Volatility, last 7 days'],
  ['parkinson_24h', 'Highs and lows, last 24 h'],
  ['parkinson_7d', 'Highs and lows, last 7 days'],
  ['garman_klass_24h', 'Range and close, last 24 h'],
  ['rogers_satchell_24h', 'Range without trend, last 24 h'],
  ['yang_zhang_24h', 'Range and gaps, last 24 h'],
  ['bipower_24h', 'Volatility without jumps, 24 h'],
  ['jump_share_24h', 'Share of jumps, last 24 h'],
  ['downside_24h', 'Downward moves, last 24 h'],
  ['daily_7d', 'Daily moves, last 7 days'],
  ['fall_24h', 'Fall over the last 24 h'],
  ['fall_7d', 'Fall over the last 7 days'],
  ['same_hour_7d', 'Usual moves at this hour'],
  ['ln_usd_volume_24h', 'Volume, last 24 h'],
  ['ln_usd_volume_7d', 'Volume, last 7 days'],
  ['ln_amihud_24h', 'Move per dollar traded, 24 h'],
  ['corwin_schultz_24h', 'Spread from highs and lows'],
  ['abdi_ranaldo_24h', 'Spread from closes and ranges'],
  ['ln_kyle_obizhaeva_24h', 'Illiquidity, last 24 h'],
  ['market_realized_1h', 'Market’s volatility, last hour'],
  ['market_realized_24h', 'Market’s volatility, last 24 h'],
  ['market_realized_7d', 'Market’s volatility, 7 days'],
  ['market_fall_24h', 'Market’s fall, last 24 h'],
  ['hour_of_week', 'Hour of the week'],
  ['weekend_24h', 'Weekend within 24 h'],
  ['ln_book_depth', 'Depth of the books now'],
  ['book_slope', 'Shape of the books now'],
  ['venue_dispersion', 'Disagreement of venues'],
  ['stablecoin_basis', 'Stablecoins off their peg'],
  ['reserve_utilisation', 'Use of the lending reserve'],
])
