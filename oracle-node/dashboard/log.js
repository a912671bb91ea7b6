import { el } from './dom.js'
import { clock } from './format.js'
import { moveOf } from './state.js'
import { incidentWords, isHeld, moveReason, moveWords } from './words.js'

/** Entries kept on the page. */
const ENTRIES = 300

/** What happened, newest first: moves of parameters, the beginnings of holds, incidents and missed rounds. */
export function eventLog(list) {
  let newest = 0
  return {
    reset: () => {
      newest = 0
      list.replaceChildren()
    },
    update: ({ rounds }) => {
      const from = rounds.findIndex((round) => round.round > newest)
      if (from < 0) return
      for (const [index, round] of rounds.entries()) {
        if (index < from) continue
        const entries = [...incidentEntries(round), ...moveEntries(round, rounds[index - 1])]
        list.prepend(...entries.map((entry) => entryItem(round, entry)))
      }
      newest = rounds.at(-1).round
      while (list.children.length > ENTRIES) list.lastElementChild.remove()
    },
  }
}

function incidentEntries({ round, incidents, report, missed }) {
  const entries = incidents.map((incident) => ({ kind: 'incident', text: incidentWords(incident), why: '' }))
  if (report === undefined)
    entries.push({ kind: 'incident', grave: true, text: `Round ${round} brought no report`, why: missed })
  else if (report.attempt > 0) {
    const leaders = report.attempt === 1 ? 'A leader gave' : `${report.attempt} leaders gave`
    entries.push({ kind: 'incident', text: `${leaders} no answer; node ${report.leader} took over`, why: '' })
  }
  return entries
}

/** A parameter that is held for the same reason as a round ago says nothing new; the card has it. */
function moveEntries(round, before) {
  return round.moves.flatMap((move) => {
    const entry = { asset: move.asset, text: moveWords(move), why: moveReason(move) }
    if (move.from !== move.to) return [{ ...entry, kind: 'move', way: move.to < move.from ? 'tighter' : 'looser' }]
    const earlier = moveOf(before, move.asset, move.parameter)
    const isNew = earlier === undefined || !isHeld(earlier) || earlier.reason !== move.reason
    return isHeld(move) && isNew ? [{ ...entry, kind: 'held' }] : []
  })
}

const SIGNS = { tighter: '▼', looser: '▲', held: '■', incident: '!' }
const SPOKEN = { tighter: 'Tightened: ', looser: 'Loosened: ', held: 'Held back: ', incident: 'Incident: ' }

function entryItem({ round, time }, { kind, way, grave, asset, text, why }) {
  const sign = way ?? kind
  return el(
    'li',
    { 'data-kind': kind, 'data-sign': grave ? 'grave' : sign },
    el('span', { class: 'at' }, el('b', {}, String(round)), ` ${clock(time)}`),
    el('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[sign]),
    el('span', { class: 'unseen' }, SPOKEN[sign]),
    el(
      'div',
      {},
      ...(asset === undefined ? [] : [el('b', { class: 'tag' }, asset), ' ']),
      text,
      ...(why ? [el('small', {}, why)] : []),
    ),
  )
}
