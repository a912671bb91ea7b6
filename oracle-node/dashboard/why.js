import { el, setData, setText, svg } from './dom.js'
import { duration, featureChange, percent, signedBps } from './format.js'
import { lastReported } from './state.js'

/** Rows that are told apart; what is left is one row more. */
const ROWS = 8
/** A node takes a second at worst, and the server asks one after another. */
const ANSWER_WITHIN_MS = 45_000
/** Half of what the page shows of a basis point: what is less moves nothing that anybody sees. */
const NOTHING_BPS = 0.05

const AGAINST = [
  { value: 'training', label: 'Against a typical hour' },
  { value: 'last', label: 'Since the last round' },
]

/** Why an asset's expected shortfall is what it is: which features move it, and by how much. It asks only while it is open. */
export function whyView(asset) {
  const choice = choices(asset)
  const sum = el('p', { class: 'sum' })
  const bars = el('ol', { class: 'bars', 'aria-label': `${asset}: what moves ES99, the largest first` })
  const note = el('small', { class: 'note' })
  const root = el(
    'details',
    { class: 'card why', open: true },
    el('summary', {}, el('h4', {}, 'Why this ES99')),
    choice,
    sum,
    bars,
    note,
  )
  const shown = { round: 0, asking: false, answer: undefined, against: AGAINST[0].value }
  const draw = () => drawAnswer(shown, { choice, sum, bars, note })

  /** One question at a time; a round that ends meanwhile is asked for afterwards. */
  const ask = async () => {
    if (shown.asking || !root.open || shown.answer?.askedFor === shown.round || shown.round === 0) return
    shown.asking = true
    const askedFor = shown.round
    shown.answer = { askedFor, ...(await load(asset)) }
    shown.asking = false
    draw()
    await ask()
  }
  choice.addEventListener('change', ({ target }) => {
    shown.against = target.value
    draw()
  })
  root.addEventListener('toggle', ask)
  draw()
  return {
    root,
    update: ({ rounds }) => {
      shown.round = lastReported(rounds)?.round ?? 0
      void ask()
    },
  }
}

function choices(asset) {
  const name = `why-${asset}`
  return el(
    'fieldset',
    { class: 'range' },
    el('legend', { class: 'unseen' }, `Explain ${asset}’s ES99`),
    ...AGAINST.map(({ value, label }, index) =>
      el('label', {}, el('input', { type: 'radio', name, value, checked: index === 0 }), el('span', {}, label)),
    ),
  )
}

async function load(asset) {
  try {
    const response = await fetch(`/v1/explain/${encodeURIComponent(asset)}`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    if (!isJson) return { fault: 'this page’s server passes no explanations on' }
    const body = await response.json()
    return response.ok ? { explanation: body } : { fault: body.detail ?? `the server answered ${response.status}` }
  } catch {
    return { fault: 'the page’s server gave no answer' }
  }
}

function drawAnswer({ answer, against }, { choice, sum, bars, note }) {
  const { explanation, fault } = answer ?? {}
  choice.toggleAttribute('hidden', explanation === undefined)
  if (explanation === undefined) {
    const text = fault === undefined ? 'A node is asked once there is a report.' : `No explanation: ${fault}.`
    return drawNothing({ sum, bars, note }, text)
  }
  const comparison = against === 'last' ? explanation.sinceLast : explanation
  if (comparison === null) return drawNothing({ sum, bars, note }, 'There is no earlier round to compare with yet.')
  const rows = rowsOf(comparison.contributions)
  const now = explanation.prediction.expectedShortfall99Bps
  const before = comparison.reference.prediction.expectedShortfall99Bps
  sum.replaceChildren(
    `${referenceWords(explanation, comparison.reference)} `,
    el('b', {}, percent(before)),
    ', now ',
    el('b', {}, percent(now)),
    ': ',
    el('b', {}, signedBps(now - before)),
  )
  if (rows.length === 0) {
    bars.replaceChildren(el('li', { class: 'nothing' }, 'Nothing that moves it has changed.'))
  } else bars.replaceChildren(...rows.map(bar(scaleOf(rows))))
  setText(note, noteWords(explanation, comparison))
}

function drawNothing({ sum, bars, note }, text) {
  setText(sum, text)
  bars.replaceChildren()
  setText(note, '')
}

function referenceWords({ time }, reference) {
  if (reference.kind === 'training') return 'Typical hour of training'
  return `Round ${reference.round}, ${duration(time - reference.time)} before`
}

function noteWords({ node, round }, { method, contributions }) {
  const error = Math.max(...contributions.map(({ standardError }) => standardError.expectedShortfall99Bps))
  const how =
    method === 'exact' || error < NOTHING_BPS ? '' : ` Sampled, standard error up to ${error.toFixed(1)}\u202fbp.`
  const whose = `Node ${node}’s own forecast for round ${round}; before the asset’s own calibration; the report takes the committee’s median.`
  return `Each bp more takes a bp off the formula’s threshold and LTV. ${whose}${how}`
}

/** The largest apart, and the rest together where it comes to anything. */
function rowsOf(contributions) {
  const all = contributions.map(({ contribution, ...rest }) => ({ ...rest, bps: contribution.expectedShortfall99Bps }))
  const apart = all.slice(0, ROWS).filter(isSomething)
  const rest = all.slice(apart.length)
  const others = { words: `${rest.length} others`, bps: rest.reduce((total, { bps }) => total + bps, 0) }
  return [...apart, ...[others].filter(isSomething)]
}

function isSomething({ bps }) {
  return Math.abs(bps) >= NOTHING_BPS
}

/** From the least to the most, with zero always among them: where all push one way, the bars have the whole width. */
function scaleOf(rows) {
  const least = Math.min(0, ...rows.map(({ bps }) => bps))
  const most = Math.max(0, ...rows.map(({ bps }) => bps))
  return (bps) => (100 * (bps - least)) / (most - least)
}

const bar = (scale) => (row) => {
  const [zero, end] = [scale(0), scale(row.bps)]
  const size = { x: Math.min(zero, end), y: 3, width: Math.abs(end - zero), height: 10, class: 'length' }
  const values = row.unit === undefined ? [] : [featureChange(row.unit, row.reference, row.value)]
  const item = el(
    'li',
    {},
    el('span', { class: 'feature' }, row.words, ...values.map((each) => el('small', {}, each))),
    svg(
      'svg',
      { viewBox: '0 0 100 16', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      svg('rect', size),
      svg('path', { d: `M${zero} 0V16`, class: 'zero' }),
    ),
    el('b', { class: 'number' }, signedBps(row.bps)),
  )
  setData(item, 'way', row.bps < 0 ? 'down' : 'up')
  return item
}
