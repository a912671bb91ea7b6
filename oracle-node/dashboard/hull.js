import { setText, svg } from './dom.js'
import { percent } from './format.js'

// The side of a hull in user units: 0 to 100 % of the collateral's value would be from the keel to the deck; drawn from 30 %.
const TOP = 8
const BOTTOM = 232
const WIDTH = 224
const RIGHT = 98
const LEAST = 3_000
const MOST = 10_000
const DISC = { x: 60, r: 17 }
const LABEL_X = 112
/** Least distance of two labels' baselines. */
const LABEL_GAP = 15

/**
 * The load line of one asset: water up to the LTV, that is how much may be borrowed; the Plimsoll disc at the liquidation
 * threshold; a dashed ghost where the formula asks it to be; a ladder from governance's floor to its ceiling, where the server
 * tells them.
 */
export function hullMark(asset) {
  const clipId = `hull-${crypto.randomUUID()}`
  const water = svg(
    'g',
    { class: 'glide' },
    svg('rect', { x: 0, y: 0, width: RIGHT, height: 260, class: 'water' }),
    line('waterline', 0, RIGHT),
  )
  const sea = svg('g', { class: 'glide' }, svg('rect', { width: WIDTH, height: BOTTOM, class: 'sea' }))
  const ghost = svg('g', { class: 'glide ghost' }, disc(), line('', 29, RIGHT))
  const mark = svg('g', { class: 'glide load' }, disc(), line('', 29, RIGHT))
  const slot = svg('path', { class: 'slot' })
  const labels = {
    ceiling: label('bound'),
    threshold: label('threshold'),
    wanted: label('wanted'),
    ltv: label('ltv'),
    floor: label('bound'),
  }
  const root = svg(
    'svg',
    { class: 'hull', viewBox: `0 0 ${WIDTH} 240`, role: 'img' },
    svg('clipPath', { id: `${clipId}-sea` }, svg('rect', { width: WIDTH, height: BOTTOM })),
    svg('g', { 'clip-path': `url(#${clipId}-sea)` }, sea),
    svg(
      'clipPath',
      { id: clipId },
      svg('path', { d: `M0 ${TOP}H${RIGHT}V${BOTTOM}H14Q0 ${BOTTOM} 0 ${BOTTOM - 14}Z` }),
    ),
    svg(
      'g',
      { 'clip-path': `url(#${clipId})` },
      svg('rect', { y: TOP, width: RIGHT, height: BOTTOM - TOP, class: 'plate' }),
      water,
      ...draughts(),
      slot,
      ghost,
      mark,
    ),
    ...Object.values(labels).map(({ group }) => group),
  )
  return { root, update: (values) => update({ root, asset, sea, water, slot, ghost, mark, labels }, values) }
}

function update({ root, asset, sea, water, slot, ghost, mark, labels }, { threshold, ltv, wanted, floor, ceiling }) {
  place(sea, ltv)
  place(water, ltv)
  place(mark, threshold)
  place(ghost, wanted)
  const isBound = floor !== undefined && ceiling !== undefined
  slot.toggleAttribute('hidden', !isBound)
  if (isBound) slot.setAttribute('d', `M${RIGHT - 12} ${yOf(ceiling)}h8m-4 0V${yOf(floor)}m-4 0h8`)
  const texts = {
    ceiling: ceiling === undefined ? undefined : `ceiling ${percent(ceiling, 0)}`,
    threshold: threshold === undefined ? undefined : `threshold ${percent(threshold)}`,
    wanted: wanted === undefined ? undefined : `formula ${percent(wanted)}`,
    ltv: ltv === undefined ? undefined : `LTV ${percent(ltv)}`,
    floor: floor === undefined ? undefined : `floor ${percent(floor, 0)}`,
  }
  const values = { ceiling, threshold, wanted, ltv, floor }
  const shown = Object.keys(labels)
    .filter((name) => values[name] !== undefined)
    .map((name) => ({ name, y: yOf(values[name]) }))
  for (const [name, { group }] of Object.entries(labels)) group.toggleAttribute('hidden', values[name] === undefined)
  for (const { name, y, at } of apart(shown)) {
    setText(labels[name].text, texts[name])
    labels[name].text.setAttribute('y', at + 4)
    labels[name].leader.setAttribute('d', `M${RIGHT} ${y}h4L${LABEL_X - 4} ${at}h2`)
  }
  root.setAttribute('aria-label', `${asset}: ${Object.values(texts).filter(Boolean).join(', ')}`)
}

/** Labels keep their order and their distance; each as near to its mark as that allows. */
function apart(marks) {
  const sorted = marks.toSorted((a, b) => a.y - b.y).map((mark) => ({ ...mark, at: mark.y }))
  for (let index = 1; index < sorted.length; index += 1) {
    sorted[index].at = Math.max(sorted[index].at, sorted[index - 1].at + LABEL_GAP)
  }
  let below = BOTTOM + LABEL_GAP
  for (const mark of sorted.toReversed()) {
    mark.at = Math.min(mark.at, below - LABEL_GAP)
    below = mark.at
  }
  return sorted
}

function place(group, bps) {
  group.toggleAttribute('hidden', bps === undefined)
  if (bps !== undefined) group.style.transform = `translateY(${yOf(bps)}px)`
}

/** What lies off the scale stands at its end; the label has the number. */
function yOf(bps) {
  const share = (Math.min(MOST, Math.max(LEAST, bps)) - LEAST) / (MOST - LEAST)
  return BOTTOM - share * (BOTTOM - TOP)
}

function draughts() {
  return [4, 5, 6, 7, 8, 9].map((tens) => {
    const y = yOf(tens * 1_000)
    return svg(
      'g',
      { class: 'draught' },
      svg('path', { d: `M0 ${y}h6` }),
      svg('text', { x: 10, y: y + 3.5 }, `${tens}0`),
    )
  })
}

function disc() {
  return svg('circle', { cx: DISC.x, cy: 0, r: DISC.r })
}

function line(name, from, to) {
  return svg('path', { class: name, d: `M${from} 0H${to}` })
}

function label(name) {
  const leader = svg('path', { class: 'leader' })
  const text = svg('text', { x: LABEL_X })
  return { group: svg('g', { class: `label ${name}` }, leader, text), leader, text }
}
