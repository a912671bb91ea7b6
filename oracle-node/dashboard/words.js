import { capitalised, parameterValue } from './format.js'

/** In the order in which a card shows them. */
export const PARAMETER_NAMES = {
  liquidationThreshold: 'liquidation threshold',
  ltv: 'LTV',
  supplyCap: 'supply cap',
  borrowCap: 'borrow cap',
}

const REASONS = {
  'at-target': 'at its target',
  moved: 'moved to its target',
  'limited-by-step': 'the largest step',
  'held-by-delay': 'the least delay has not passed',
  'limited-by-floor': 'governance’s floor',
  'limited-by-ceiling': 'governance’s ceiling',
  'within-deadband': 'too near its target to be worth a change',
  'held-by-doubt': 'confidence too low to loosen anything',
  'held-by-ltv': 'a threshold may not fall below the LTV',
  'held-by-governance': 'governance’s emergency brake is on',
}
/** Reasons for which there is nothing to say: the parameter is where the formula wants it. */
const CONTENT = new Set(['at-target', 'moved', 'within-deadband'])

export const SOURCES = { recorded: 'Recorded market', synthetic: 'Simulated market', live: 'Live venues' }

export function reasonWords(reason) {
  return REASONS[reason] ?? String(reason)
}

/** Whether a bound keeps a parameter from where the formula wants it. */
export function isBound(move) {
  return !CONTENT.has(move.reason)
}

export function isHeld(move) {
  return move.from === move.to && isBound(move)
}

/** What stands behind a parameter's present value, for the card. */
export function standing(move) {
  if (move.reason === 'limited-by-floor' || move.reason === 'limited-by-ceiling')
    return `at ${reasonWords(move.reason)}`
  if (move.from === move.to && isBound(move)) return `held: ${reasonWords(move.reason)}`
  if (move.reason === 'limited-by-step') return 'on its way by the largest step'
  if (move.reason === 'within-deadband') return 'too near its target to be worth a change'
  return reasonWords(move.reason)
}

/** The first line of the log's entry about a move or a hold. */
export function moveWords(move) {
  const name = PARAMETER_NAMES[move.parameter] ?? String(move.parameter)
  const from = parameterValue(move.parameter, move.from)
  return move.from === move.to
    ? `${name} held at ${from}`
    : `${name} ${from} → ${parameterValue(move.parameter, move.to)}`
}

/** The second line: why no further. Empty when the parameter came to its target. */
export function moveReason(move) {
  if (!isBound(move)) return ''
  return `${reasonWords(move.reason)} · formula asks for ${parameterValue(move.parameter, move.target)}`
}

export function incidentWords(incident) {
  if (incident.kind === 'kill') return `Node ${incident.node} was killed in the midst of the round`
  if (incident.kind === 'restart') return `Node ${incident.node} was started again`
  const venue = capitalised(String(incident.venue))
  return incident.fault === null ? `${venue} was mended` : `${venue} goes wrong: ${incident.fault}`
}

/** The fields of a record, in a card's order, with what each means. */
export const FIELDS = [
  {
    key: 'volatilityBps',
    name: 'Volatility',
    meaning:
      'Forecast of how much the price swings over the next 24 h, as an annualised standard deviation of its log returns.',
  },
  {
    key: 'expectedShortfall99Bps',
    name: 'ES99',
    meaning:
      'Expected shortfall: the mean loss over the next 24 h in the worst 1 % of cases. The liquidation threshold leaves room for it.',
  },
  {
    key: 'valueAtRisk99Bps',
    name: 'VaR99',
    meaning: 'Value at risk: in 99 of 100 cases the loss over the next 24 h stays below this.',
  },
  {
    key: 'depthUsd',
    name: 'Depth',
    meaning:
      'What can be sold before the price falls 2 %, in a bad hour of the next 24 h (its 5 % quantile). Caps follow from it.',
  },
  {
    key: 'confidenceBps',
    name: 'Confidence',
    meaning: 'Half of the spread between the venues’ prices. Small is good: above a bound, nothing is loosened.',
  },
  {
    key: 'liquidityScoreBps',
    name: 'Liquidity score',
    meaning:
      '0 is best, 10,000 worst. 5,000 where $10 million can be sold before the price falls 2 %; worse with less.',
  },
  {
    key: 'riskScoreBps',
    name: 'Risk score',
    meaning:
      '0 is best, 10,000 worst: half of the value may be lost, or nothing can be sold. Made of ES99 and the liquidity score.',
  },
]
