import { styleText } from 'node:util'
import type { JsonRecord } from '../app/round-json.ts'
import type { Parameter, Reason } from '../core/policy.ts'
import type { StewardMove } from './chain-watch.ts'
import type { RoundOutcome } from './conduct.ts'
import type { Incident } from './options.ts'

const PARAMETER_NAMES: Readonly<Record<Parameter, string>> = {
  ltv: 'LTV',
  liquidationThreshold: 'liquidation threshold',
  supplyCap: 'supply cap',
  borrowCap: 'borrow cap',
}

/** Why a bound held a parameter back, for people; a reason without words is not worth a line. */
const REASON_WORDS: Readonly<Partial<Record<Reason, string>>> = {
  'limited-by-step': 'the largest step',
  'held-by-delay': 'the least delay has not passed',
  'limited-by-floor': 'the floor',
  'limited-by-ceiling': 'the ceiling',
  'held-by-doubt': 'low confidence, nothing is loosened',
  'held-by-ltv': 'a threshold may not fall below the LTV',
  'held-by-governance': 'governance’s emergency brake is on',
}

/** A round for a person at a terminal: one line, and one more for each asset whose parameters moved or were held back. */
export function roundLines(outcome: RoundOutcome): string[] {
  const { round, report, missed, seconds } = outcome
  const incidents = outcome.incidents.map((each) => styleText('yellow', `  ! ${incidentText(each)}`))
  const head = `${styleText('bold', `round ${round}`)}  ${clockText(outcome.time)}`
  if (report === undefined) {
    return [
      ...incidents,
      `${head}  ${styleText('red', 'no report')}: ${missed}  ${styleText('dim', `${seconds.toFixed(1)} s`)}`,
    ]
  }
  const tries = report.attempt === 0 ? '' : `, after ${report.attempt} silent leader${report.attempt === 1 ? '' : 's'}`
  const parts = [
    head,
    `led by ${report.leader}${tries}`,
    `seen by ${report.observers.join(' ')}`,
    ...report.records.map(recordText),
    `${report.gas.toLocaleString('en')} gas`,
    styleText('dim', `${seconds.toFixed(1)} s`),
  ]
  return [...incidents, parts.join('  '), ...moveLines(outcome.moves)]
}

function recordText({ asset, priceE8, volatilityBps, expectedShortfall99Bps, depthUsd }: JsonRecord): string {
  const price = (Number(priceE8) / 1e8).toLocaleString('en', { maximumSignificantDigits: 6 })
  const risk = `vol ${percent(volatilityBps)} ES99 ${percent(expectedShortfall99Bps)} depth $${compact(depthUsd)}`
  return `${styleText('cyan', asset)} $${price} ${risk}`
}

function moveLines(moves: readonly StewardMove[]): string[] {
  const byAsset = Map.groupBy(moves, (move) => move.asset)
  return [...byAsset].flatMap(([asset, own]) => {
    const words = own.map(moveText).filter((text) => text !== undefined)
    return words.length === 0 ? [] : [`    Aave ${styleText('cyan', asset)}: ${words.join(' · ')}`]
  })
}

function moveText({ parameter, from, to, target, reason }: StewardMove): string | undefined {
  const name = PARAMETER_NAMES[parameter]
  const why = REASON_WORDS[reason]
  const show = (value: number): string => valueText(parameter, value)
  if (from === to)
    return why === undefined
      ? undefined
      : styleText('dim', `${name} ${show(from)} held (${why}; formula ${show(target)})`)
  const moved = `${name} ${show(from)} → ${styleText(to < from ? 'red' : 'green', show(to))}`
  return why === undefined ? moved : `${moved} (of ${show(target)}: ${why})`
}

function valueText(parameter: Parameter, value: number): string {
  return parameter === 'ltv' || parameter === 'liquidationThreshold' ? percent(value, 2) : value.toLocaleString('en')
}

function percent(bps: number, digits = 1): string {
  return `${(bps / 100).toFixed(digits)}%`
}

function compact(usd: number): string {
  return usd.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: 3 })
}

function clockText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
}

export function incidentText(incident: Incident): string {
  if (incident.kind === 'kill') return `node ${incident.node} is killed in the midst of round ${incident.round}`
  if (incident.kind === 'restart') return `node ${incident.node} is started again`
  return incident.fault === null ? `${incident.venue} is mended` : `${incident.venue} goes wrong: ${incident.fault}`
}
