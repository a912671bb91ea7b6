import { isoTime } from '../../data/history/time-format.ts'

/** What stands where there is no figure. JSON has no NaN, so a field may be null though its type says number. */
export const DASH = '–'

/** Between a figure and its unit, which no line may part. */
const SPACE = '\u00a0'
const UNITS = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

type Maybe = number | null | undefined

export function isFigure(value: Maybe): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** $1.23 M. */
export function usd(value: Maybe): string {
  if (!isFigure(value)) return DASH
  const size = Math.abs(value)
  const sign = value < 0 && size >= 0.005 ? '−' : ''
  // What rounds up to the next unit is told in it.
  const [unit, name] = UNITS.find(([unit]) => size >= unit * 0.9995) ?? [1, '']
  return `${sign}$${digits(size / unit)}${name === '' ? '' : `${SPACE}${name}`}`
}

/** Of a ratio: 0.0123 is 1.23 %. */
export function percent(value: Maybe): string {
  if (!isFigure(value)) return DASH
  const size = Math.abs(value) * 100
  if (size > 0 && size < 0.0005) return `<${SPACE}0.001${SPACE}%`
  if (size === 0) return `0${SPACE}%`
  const decimals = size >= 99.95 ? 0 : size >= 0.995 ? 1 : size >= 0.0995 ? 2 : 3
  return `${value < 0 ? '−' : ''}${size.toFixed(decimals)}${SPACE}%`
}

export function bps(value: Maybe): string {
  return isFigure(value) ? `${(value / 100).toFixed(2)}${SPACE}%` : DASH
}

export function count(value: Maybe): string {
  return isFigure(value) ? minus(value.toLocaleString('en-US', { maximumFractionDigits: 1 })) : DASH
}

/** For an axis: without zeros that say nothing there. In a column they keep figures under each other. */
export function tick(format: (value: number) => string): (value: number) => string {
  return (value) => format(value).replace(/(\.\d*?)0+(?=\D|$)/, (_, digits: string) => (digits === '.' ? '' : digits))
}

/** In prose: 21 %, 3.1 %. */
export function roughly(value: Maybe): string {
  return isFigure(value) && Math.abs(value) >= 0.0995
    ? `${minus(String(Math.round(value * 100)))}${SPACE}%`
    : percent(value)
}

/** Every digit, as of a seed. */
export function exact(value: Maybe): string {
  return isFigure(value) ? String(value) : DASH
}

/** A plain number to `places` decimals. */
export function decimal(value: Maybe, places = 3): string {
  return isFigure(value) ? minus(value.toFixed(places)) : DASH
}

/** A knob: as short as it is. */
export function knobText(value: Maybe): string {
  return isFigure(value) ? minus(String(Number(value.toPrecision(4)))) : DASH
}

export function probability(value: Maybe): string {
  if (!isFigure(value)) return DASH
  return value < 0.001 ? `<${SPACE}0.001` : value.toFixed(3)
}

export function day(seconds: Maybe): string {
  return isDate(seconds) ? isoTime(seconds).slice(0, 10) : DASH
}

export function minute(seconds: Maybe): string {
  return isDate(seconds) ? isoTime(seconds).slice(0, 16).replace('T', ' ') : DASH
}

/** Both ends included, `a, b and c`. */
export function list(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

function isDate(seconds: Maybe): seconds is number {
  return isFigure(seconds) && Math.abs(seconds) < 8.64e12
}

function digits(size: number): string {
  return size.toFixed(size === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)
}

function minus(text: string): string {
  return text.replace('-', '−')
}
