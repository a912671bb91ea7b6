import { assetColumn } from './asset.js'
import { follow } from './connection.js'
import { copyable, el, setData, setText } from './dom.js'
import { dateAndClock, duration } from './format.js'
import { eventLog } from './log.js'
import { nodeList } from './nodes.js'
import { roundTable } from './rounds.js'
import { lastReported, withRound } from './state.js'
import { heardAt, statusOf } from './status.js'
import { SOURCES } from './words.js'

const ARRIVALS_KEPT = 10

const byId = (id) => document.getElementById(id)
const view = { network: undefined, lost: false, retryAt: 0, arrivals: [], loadedAt: Date.now(), now: Date.now() }
const columns = new Map()
const table = roundTable(byId('rounds'))
const log = eventLog(byId('log'))
let showNodes = nodeList(byId('nodes'))
let range = 'all'

follow({
  onState: (network) => {
    const isOther = view.network !== undefined && view.network.groupKey !== network.groupKey
    if (isOther || view.network === undefined) startAnew(network)
    Object.assign(view, { network, lost: false })
    show()
  },
  onRound: (event) => {
    view.network = withRound(view.network, event)
    view.arrivals = [...view.arrivals, Date.now()].slice(-ARRIVALS_KEPT)
    show()
  },
  onLost: (retryAt) => {
    Object.assign(view, { lost: true, retryAt })
    showStatus()
  },
})

setInterval(showStatus, 1_000)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const column of columns.values()) column.repaint()
})
byId('range').addEventListener('change', ({ target }) => {
  range = target.value
  showAssets()
})
byId('kinds').addEventListener('change', ({ target }) =>
  byId('log').classList.toggle(`no-${target.value}`, !target.checked),
)

/** Another network than before, or the first: nothing that is on the page stands any more. */
function startAnew(network) {
  Object.assign(view, { arrivals: [], loadedAt: Date.now() })
  table.reset()
  log.reset()
  columns.clear()
  byId('nodes').replaceChildren()
  showNodes = nodeList(byId('nodes'))
  for (const asset of Object.keys(network.parameters)) columns.set(asset, assetColumn(asset))
  byId('assets').replaceChildren(...[...columns.values()].map(({ root }) => root))
  setText(byId('input-source'), SOURCES[network.input.source] ?? network.input.source)
  setText(byId('input-note'), network.input.note)
  byId('addresses').replaceChildren(...addresses(network))
}

function show() {
  showStatus()
  showNodes(view.network)
  showAssets()
  table.update(view.network)
  log.update(view.network)
  const report = lastReported(view.network.rounds)?.report
  if (report !== undefined && byId('model-set').title !== report.modelSet) {
    byId('model-set').title = report.modelSet
    byId('model-set').replaceChildren(copyable(report.modelSet, 'hash of the model set'))
  }
}

function showAssets() {
  if (view.network === undefined) return
  const shown = range === 'all' ? view.network.rounds : view.network.rounds.slice(-Number(range))
  for (const column of columns.values()) column.update(view.network, shown)
}

function showStatus() {
  view.now = Date.now()
  const { level, headline, detail } = statusOf(view)
  const last = view.network?.rounds.at(-1)
  setData(byId('state'), 'level', level)
  setText(byId('headline'), headline)
  setText(byId('detail'), detail)
  setText(byId('link'), view.lost ? 'Disconnected' : view.network === undefined ? 'Connecting' : 'Connected')
  setData(byId('link'), 'link', view.lost ? 'lost' : view.network === undefined ? 'connecting' : 'open')
  document.title = titleOf(level, headline, last)
  if (view.network === undefined) return
  setText(byId('fact-round'), last === undefined ? '–' : String(last.round))
  setText(byId('fact-time'), last === undefined ? '–' : dateAndClock(last.time))
  setText(byId('fact-heard'), last === undefined ? '–' : heardText())
  setText(byId('fact-quorum'), quorumText(view.network))
  setText(byId('fact-step'), `${duration(view.network.stepSeconds)} of market time`)
}

function titleOf(level, headline, last) {
  if (level === 'alarm' || level === 'warn') return `⚠ ${headline} – Plimsoll`
  return last === undefined ? 'Plimsoll: local network' : `Round ${last.round} – Plimsoll`
}

function heardText() {
  const ago = `${duration(Math.max(0, Math.floor((view.now - heardAt(view)) / 1_000)))} ago`
  return view.arrivals.length === 0 && view.network.input.source !== 'live' ? `at least ${ago}` : ago
}

function quorumText({ nodes, quorum, faulty }) {
  const up = nodes.filter((node) => node.alive).length
  return `${up} of ${nodes.length} nodes up, ${quorum} needed, tolerates ${faulty}`
}

function addresses({ oracle, steward, groupKey, rpcUrl, input }) {
  const rows = [
    ['Risk oracle', copyable(oracle, 'address of the risk oracle', oracle)],
    ['Aave steward', copyable(steward, 'address of the Aave steward', steward)],
    ['Group key', copyable(groupKey, 'group key', groupKey)],
    ['Chain RPC', copyable(rpcUrl, 'URL of the chain', rpcUrl)],
    ['Model set', el('span', { id: 'model-set' }, '–')],
  ]
  if (input.sha256 !== '')
    rows.push([`Input, ${input.files.length} files, sha256`, copyable(input.sha256, 'hash of the input')])
  return rows.map(([term, value]) => el('div', {}, el('dt', {}, term), el('dd', { class: 'address' }, value)))
}
