import { assetCharts } from './charts.js'
import { el, setData, setText } from './dom.js'
import {
  capitalised,
  dollars,
  duration,
  parameterValue,
  percent,
  price,
  priceOf,
  signedPercent,
  whole,
} from './format.js'
import { hullMark } from './hull.js'
import { columnsOf, lastReported, lastWord, priceChange, recordOf } from './state.js'
import { whyView } from './why.js'
import { FIELDS, isBound, PARAMETER_NAMES, standing } from './words.js'

const AGE = {
  key: 'age',
  name: 'Age',
  meaning: 'How long ago, in market time, the committee observed this. Past its validity a consumer’s read is refused.',
}

/** An asset's column: load line, figures, Aave's parameters, charts, why. */
export function assetColumn(asset) {
  const hull = hullMark(asset)
  const priceText = el('span', { class: 'price' }, '–')
  const change = el('span', { class: 'change' }, '\u00a0')
  const figures = new Map([...FIELDS, AGE].map((field) => [field.key, figure(asset, field)]))
  const parameters = new Map(Object.keys(PARAMETER_NAMES).map((name) => [name, parameterRow(name)]))
  const charts = assetCharts(asset)
  const why = whyView(asset)
  const root = el(
    'article',
    { class: 'asset', 'aria-label': asset },
    el(
      'div',
      { class: 'card facts-card' },
      el('header', {}, el('h3', {}, asset), el('p', {}, priceText, change)),
      el(
        'div',
        { class: 'loaded' },
        hull.root,
        el('dl', { class: 'figures' }, ...[...figures.values()].map(({ row }) => row)),
      ),
      el(
        'table',
        { class: 'parameters' },
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            ...['Aave', 'now', 'formula'].map((text, index) =>
              el('th', { scope: 'col', class: index > 0 && 'number' }, text),
            ),
          ),
        ),
        el('tbody', {}, ...[...parameters.values()].map(({ row }) => row)),
      ),
    ),
    el('div', { class: 'card charts' }, ...charts.roots),
    why.root,
  )
  return {
    root,
    repaint: charts.repaint,
    update: (network, shownRounds) => {
      updateHead(network.rounds, asset, priceText, change)
      updateFigures(network.rounds, asset, figures)
      updateHull(network, asset, hull)
      for (const [name, row] of parameters) updateParameter(network, asset, name, row)
      charts.update(columnsOf(shownRounds, asset), network.stepSeconds)
      why.update(network)
    },
  }
}

function updateHead(rounds, asset, priceText, change) {
  const record = recordOf(lastReported(rounds), asset)
  const moved = priceChange(rounds, asset)
  setText(priceText, record === undefined ? '–' : price(priceOf(record.priceE8)))
  setText(change, moved === undefined ? '\u00a0' : `${signedPercent(moved.ratio)} in ${duration(moved.seconds)}`)
  setData(change, 'way', moved === undefined || Math.abs(moved.ratio) < 5e-5 ? 'flat' : moved.ratio < 0 ? 'down' : 'up')
}

function updateFigures(rounds, asset, figures) {
  const record = recordOf(lastReported(rounds), asset)
  if (record === undefined) return
  const age = Math.max(0, rounds.at(-1).time - record.observedAt)
  const expired = age > record.validForSeconds
  const texts = {
    volatilityBps: percent(record.volatilityBps, 1),
    expectedShortfall99Bps: percent(record.expectedShortfall99Bps),
    valueAtRisk99Bps: percent(record.valueAtRisk99Bps),
    depthUsd: dollars(record.depthUsd),
    confidenceBps: `±${percent(record.confidenceBps)}`,
    liquidityScoreBps: whole(record.liquidityScoreBps),
    riskScoreBps: whole(record.riskScoreBps),
    age: expired ? `${duration(age)}, expired` : `${duration(age)} of ${duration(record.validForSeconds)}`,
  }
  for (const [key, { value }] of figures) setText(value, texts[key])
  setData(
    figures.get('age').row,
    'level',
    expired ? 'alarm' : age > 0 && age * 2 > record.validForSeconds ? 'warn' : 'good',
  )
}

function updateHull({ parameters, bounds, rounds }, asset, hull) {
  const now = parameters[asset]
  const word = lastWord(rounds, asset, 'liquidationThreshold')
  const { floor, ceiling } = bounds?.[asset]?.liquidationThreshold ?? {}
  hull.update({ threshold: now?.liquidationThreshold, ltv: now?.ltv, wanted: word?.move.target, floor, ceiling })
}

function updateParameter({ parameters, rounds }, asset, name, { now, wanted, why }) {
  const value = parameters[asset]?.[name]
  const word = lastWord(rounds, asset, name)
  setText(now, value === undefined ? '–' : parameterValue(name, value))
  setText(wanted, word === undefined ? '–' : parameterValue(name, word.move.target))
  setText(
    why,
    word === undefined ? '\u00a0' : standing(word.move) + (isBound(word.move) ? `, since round ${word.since}` : ''),
  )
  setData(why, 'reason', word?.move.reason ?? '')
}

function parameterRow(name) {
  const now = el('td', { class: 'number' }, '–')
  const wanted = el('td', { class: 'number wanted' }, '–')
  const why = el('small', {}, '\u00a0')
  return {
    row: el('tr', {}, el('th', { scope: 'row' }, capitalised(PARAMETER_NAMES[name]), why), now, wanted),
    now,
    wanted,
    why,
  }
}

/** A figure whose name says on hover or focus what it means. */
function figure(asset, { key, name, meaning }) {
  const id = `${key}-${asset}`.replaceAll(/[^\w-]/g, '_')
  const term = el('button', { type: 'button', class: 'term', 'aria-describedby': id }, name)
  const value = el('dd', {}, '–')
  term.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') term.blur()
  })
  return { row: el('div', {}, el('dt', {}, term, el('span', { role: 'tooltip', id }, meaning)), value), value }
}
