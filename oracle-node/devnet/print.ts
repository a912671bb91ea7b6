import { styleText } from 'node:util'
import type { JsonRecord } from '../app/round-json.ts'
import type { Parameter, Reason } from '../core/policy.ts'
import type { StewardMove } from './chain-watch.ts'
import type { RoundOutcome } from './conduct.ts'
import type { Incident } from './options.ts'

const PARAMETER_NAMES: Readonly<Record<Parameter, string>> = {
  ltv: 'LTV',
  liquidationThreshold: 'threshold',
  supplyCap: 'supply cap',
  borrowCap: 'borrow cap',
}

/** Why a bound held a parameter back, for people; a reason without words is not worth a line. */
const REASON_WORDS: Readonly<Partial<Record<Reason, string>>> = {
  'limited-by-step': 'largest step',
  'held-by-delay': 'least delay',
  'limited-by-floor': 'floor',
  'limited-by-ceiling': 'ceiling',
  'held-by-doubt': 'low confidence loosens nothing',
  'held-by-ltv': 'not below the LTV',
  'held-by-governance': 'governance’s emergency brake',
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
    `leader ${report.leader}${tries}`,
    `observers ${report.observers.join(',')}`,
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
  const bound = why === undefined ? '' : ` (${why}; formula ${show(target)})`
  if (from === to) return why === undefined ? undefined : styleText('dim', `${name} held at ${show(from)}${bound}`)
  return `${name} ${show(from)} → ${styleText(to < from ? 'red' : 'green', show(to))}${bound}`
}

function valueText(parameter: Parameter, value: number): string {
  return parameter === 'ltv' || parameter === 'liquidationThreshold' ? percent(value, 2) : compact(value, 4)
}

function percent(bps: number, digits = 1): string {
  return `${(bps / 100).toFixed(digits)}%`
}

function compact(value: number, digits = 3): string {
  return value.toLocaleString('en', { notation: 'compact', maximumSignificantDigits: digits })
}

function clockText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(5, 16).replace('T', ' ')
}

export function incidentText(incident: Incident): string {
  if (incident.kind === 'kill') return `node ${incident.node} is killed in the midst of round ${incident.round}`
  if (incident.kind === 'restart') return `node ${incident.node} is started again`
  return incident.fault === null ? `${incident.venue} is mended` : `${incident.venue} goes wrong: ${incident.fault}`
}
