import { invariant } from '../../oracle-node/core/errors.ts'
import type { LendingResult } from '../result.ts'
import { plain } from './html.ts'

/** The house's colours (models/evaluation/plots/svg.ts), and what only the report needs. */
const LIGHT: Readonly<Record<string, string>> = {
  page: '#fbfaf7',
  card: '#ffffff',
  ink: '#1c2024',
  dim: '#666c73',
  rule: '#e2dfd8',
  band: '#efe9d8',
  water: '#d3e0ea',
  a: '#1f5a99',
  b: '#b2541a',
  c: '#3b7a57',
  d: '#8a4f9e',
  e: '#7a6a16',
  f: '#4c5f6b',
  hit: '#c2362b',
  good: '#2f6b46',
  warn: '#c98a10',
}

const DARK: Readonly<Record<string, string>> = {
  page: '#14171a',
  card: '#1b1f23',
  ink: '#e6e4de',
  dim: '#9aa2aa',
  rule: '#2c3238',
  band: '#2b2a22',
  water: '#223646',
  a: '#7fb2ec',
  b: '#f0a05a',
  c: '#86c9a3',
  d: '#cf9be0',
  e: '#d8c765',
  f: '#a9bcc8',
  hit: '#ff6b5e',
  good: '#7fc79b',
  warn: '#f0b64a',
}

export const LIGHT_CSS = css(LIGHT)
export const DARK_CSS = css(DARK)

/** A drawing without variables, in the light colours: for files that stand alone and for readers that know no CSS. */
export function concrete(svg: string): string {
  const named = svg.replace(/var\(--([a-z]+)\)/g, (_, name: string) => {
    const colour = LIGHT[name]
    invariant(colour !== undefined, `no colour --${name}`)
    return colour
  })
  return named.replace(/currentcolor/gi, LIGHT['ink'] ?? '')
}

/** How one policy is drawn, everywhere: by colour, and by dash and width for those who see no colour. */
export type Look = {
  readonly id: string
  readonly title: string
  /** Short enough to stand at a line's end. */
  readonly label: string
  readonly colour: string
  readonly dash: string | undefined
  readonly width: number
  /** The knob that it is shown at. */
  readonly shown: number
  readonly knob: string | undefined
}

const KNOWN = ['plimsoll', 'static', 'ewma', 'smart-ltv']
const HUES = ['a', 'b', 'c', 'd', 'e', 'f']
const DASHES = [undefined, undefined, '6 3', '2 2.5', '9 3 2 3', '4 2']
const LABEL_MAX = 11

/** Known policies have colours of their own; others take those that are left over, in their order. */
export function looksOf({ policies }: LendingResult): readonly Look[] {
  const taken = new Set(policies.map(({ id }) => KNOWN.indexOf(id)).filter((index) => index >= 0))
  const free = HUES.map((_, index) => index).filter((index) => !taken.has(index))
  let next = 0
  return policies.map(({ id, title, knob, shown }) => {
    const own = KNOWN.indexOf(id)
    const index = own >= 0 ? own : (free[next++ % Math.max(1, free.length)] ?? 0)
    return {
      id,
      title,
      label: short(title.length <= LABEL_MAX ? title : id),
      colour: `var(--${HUES[index]})`,
      dash: DASHES[index],
      width: index === 0 ? 2.4 : 1.6,
      shown,
      knob,
    }
  })
}

export function short(text: string, most = LABEL_MAX): string {
  const signs = [...plain(text)]
  return signs.length <= most ? signs.join('') : `${signs.slice(0, most - 1).join('')}…`
}

function css(colours: Readonly<Record<string, string>>): string {
  return Object.entries(colours)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')
}
