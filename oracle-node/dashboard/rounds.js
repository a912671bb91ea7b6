import { copyable, el } from './dom.js'
import { clock, whole } from './format.js'

const ROWS = 60

/** The last rounds, newest first. A round never changes, so each new one is a row more and an old one less. */
export function roundTable(body) {
  let newest = 0
  return {
    reset: () => {
      newest = 0
      body.replaceChildren()
    },
    update: ({ nodes, rounds }) => {
      for (const round of rounds.slice(-ROWS)) {
        if (round.round <= newest) continue
        newest = round.round
        body.prepend(
          roundRow(
            round,
            nodes.map(({ node }) => node),
          ),
        )
      }
      while (body.rows.length > ROWS) body.rows[body.rows.length - 1].remove()
    },
  }
}

function roundRow({ round, time, seconds, report, missed, incidents }, nodes) {
  const number = el('th', { scope: 'row', class: 'number' }, String(round))
  const at = el('td', {}, clock(time))
  const took = el('td', { class: 'number' }, seconds.toFixed(1))
  if (report === undefined) {
    return el(
      'tr',
      { class: 'missed' },
      number,
      at,
      el('td', { colspan: 4 }, `No report: ${missed}`),
      took,
      el('td', {}, '–'),
    )
  }
  const { leader, attempt, observers, signers, gas, digest } = report
  const after = attempt === 0 ? '' : el('span', { class: 'after' }, ` after ${attempt} silent`)
  return el(
    'tr',
    { class: incidents.length + attempt > 0 && 'marked' },
    number,
    at,
    el('td', {}, `node ${leader}`, after),
    el('td', {}, members(nodes, observers, 'silent')),
    el('td', {}, members(nodes, signers, 'did not sign')),
    el('td', { class: 'number' }, whole(gas)),
    took,
    el('td', {}, copyable(digest, `digest of round ${round}`)),
  )
}

/** Every member in its own place, those that were absent as a dot. */
function members(nodes, present, absence) {
  const absent = nodes.filter((node) => !present.includes(node))
  const marks = nodes.map((node) =>
    el('i', { class: !present.includes(node) && 'absent' }, present.includes(node) ? String(node) : '·'),
  )
  const label =
    absent.length === 0 ? `nodes ${present.join(', ')}` : `nodes ${present.join(', ')}; ${absent.join(', ')} ${absence}`
  return el('span', { class: 'members', role: 'img', 'aria-label': label }, ...marks)
}
