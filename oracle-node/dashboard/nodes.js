import { el, setData, setText, shortHex } from './dom.js'
import { partOf } from './state.js'

/** Rounds in a node's strip: at a quarter of an hour, twelve hours. */
const STRIP = 48

/** A line a node: whether it is up, and its part in the last rounds, so that silence is seen. */
export function nodeList(list) {
  const lines = new Map()
  return ({ nodes, rounds }) => {
    for (const node of nodes) {
      if (!lines.has(node.node)) {
        const made = nodeLine(node)
        lines.set(node.node, made)
        list.append(made.root)
      }
      updateLine(lines.get(node.node), node, rounds)
    }
  }
}

function nodeLine({ node, operator, statusUrl }) {
  const up = el('span', { class: 'up' })
  const cells = Array.from({ length: STRIP }, () => el('span', { class: 'cell' }))
  const strip = el('div', { class: 'strip', role: 'img' }, ...cells)
  const count = el('span', { class: 'count' })
  const address = el('code', { title: operator }, shortHex(operator))
  const link = isLocal(statusUrl)
    ? el('a', { href: statusUrl, rel: 'noreferrer', 'aria-label': `Status of node ${node}` }, 'status')
    : ''
  const root = el(
    'li',
    {},
    el('b', {}, `Node ${node}`),
    up,
    strip,
    count,
    el('span', { class: 'who' }, address, ' ', link),
  )
  return { root, up, cells, strip, count }
}

function updateLine({ root, up, cells, strip, count }, { node, alive }, rounds) {
  setData(root, 'alive', String(alive))
  setText(up, alive ? 'up' : 'down')
  const last = rounds.slice(-STRIP)
  const empty = STRIP - last.length
  const parts = last.map((round) => partOf(round, node))
  for (const [index, cell] of cells.entries()) setData(cell, 'part', index < empty ? '' : parts[index - empty])
  const reported = parts.filter((part) => part !== 'none').length
  const led = parts.filter((part) => part === 'led').length
  const saw = parts.filter((part) => part === 'saw').length + led
  setText(count, `saw ${saw} of ${reported}, led ${led}`)
  const silent = last.filter((_round, index) => parts[index] === 'silent').map(({ round }) => round)
  const silence = silent.length === 0 ? 'never silent' : `silent in rounds ${silent.join(', ')}`
  strip.setAttribute('aria-label', `Of the last ${reported} reports it observed ${saw} and led ${led}; ${silence}`)
}

/** A link goes where a browser would go anyway, never to a script. */
function isLocal(url) {
  return URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
}
