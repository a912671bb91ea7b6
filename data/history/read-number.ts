const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/
const [ZERO, NINE] = [48, 57]

/**
 * A decimal number; NaN where a text is none. Number() would take an empty text for 0, and 0x10 for 16. Nearly every text is plain
 * digits, which need no pattern: two digits in front leave Number() nothing but a decimal to read.
 */
export function numberOf(text: string): number {
  const plain = isDigit(text.charCodeAt(0)) && (text.length === 1 || isDigit(text.charCodeAt(1)) || text[1] === '.')
  return plain || DECIMAL.test(text) ? Number(text) : Number.NaN
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}
