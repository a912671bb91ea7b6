// Each function takes the unit that the server sends: basis points, whole USD, unix seconds, whole tokens.

const NARROW = '\u202f'

export function percent(bps, digits = 2) {
  return `${(bps / 100).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${NARROW}%`
}

export function signedPercent(ratio) {
  const sign = ratio > 0 ? '+' : ratio < 0 ? '−' : '±'
  return `${sign}${percent(Math.abs(ratio) * 10_000)}`
}

/** A change in basis points: whole ones from ten, below with a decimal. */
export function signedBps(bps) {
  const digits = Math.abs(bps) < 9.95 ? 1 : 0
  const size = Math.abs(bps).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  const sign = Math.abs(bps) < 0.05 ? '±' : bps > 0 ? '+' : '−'
  return `${sign}${size}${NARROW}bp`
}

/** A feature's way from one value to another, from the unit that the feature spec gives it. */
export function featureChange(unit, from, to) {
  const { show, per = '' } = FEATURE_UNITS[unit] ?? PLAIN
  return `${show(from)} → ${show(to)}${per}`
}

const PLAIN = { show: (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 }) }

const FEATURE_UNITS = {
  'per sqrt(day)': { show: (value) => percent(10_000 * value), per: ' a day' },
  'log return': { show: (value) => signedPercent(Math.expm1(value)) },
  'ratio of the price': { show: (value) => percent(10_000 * value, 3) },
  ratio: { show: (value) => percent(10_000 * value) },
  '0 to 1': { show: (value) => percent(10_000 * value, 0) },
  'ln(USD per day)': { show: (value) => dollars(Math.exp(value)) },
  'ln(USD)': { show: (value) => dollars(Math.exp(value)) },
  hours: { show: (value) => `${whole(value)}${NARROW}h` },
}

/** The price in USD from its 1e8 fixed point, which arrives as text. */
export function priceOf(priceE8) {
  return Number(priceE8) / 1e8
}

export function price(usd) {
  const digits = usd >= 1_000 ? 2 : usd >= 10 ? 3 : usd >= 0.01 ? 4 : 8
  return `$${usd.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`
}

export function dollars(usd) {
  return `$${usd.toLocaleString('en', { notation: 'compact', minimumSignificantDigits: 3, maximumSignificantDigits: 3 })}`
}

export function whole(count) {
  return count.toLocaleString('en')
}

/** A parameter's value: a share of the collateral's value, or a cap in tokens. */
export function parameterValue(parameter, value) {
  if (parameter === 'ltv' || parameter === 'liquidationThreshold') return percent(value)
  return value === 0 ? 'no cap' : whole(value)
}

export function clock(seconds) {
  return new Date(seconds * 1_000).toISOString().slice(11, 16)
}

export function dateAndClock(seconds) {
  return new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')
}

export function day(seconds) {
  return new Date(seconds * 1_000).toLocaleDateString('en', { day: 'numeric', month: 'short', timeZone: 'UTC' })
}

export function duration(seconds) {
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
  ]
  for (const [size, name] of units) {
    if (seconds >= size) return `${Math.round((10 * seconds) / size) / 10}${NARROW}${name}`
  }
  return `${Math.round(seconds)}${NARROW}s`
}

/** `1`, `1 and 3`, `1, 3 and 4`. */
export function listed(numbers) {
  if (numbers.length < 2) return numbers.join('')
  return `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`
}

/** `node 2`, `nodes 2 and 3`. */
export function nodesListed(numbers) {
  return `${numbers.length === 1 ? 'node' : 'nodes'} ${listed(numbers)}`
}

export function capitalised(text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
