import fc from 'fast-check'

/** What a hostile sender puts in the place of an honest value. */
const bad: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    'NaN',
    '-1',
    -1,
    1e308,
    '1e999',
    0,
    true,
    {},
    [],
    [[]],
    [{}],
    '__proto__',
    'constructor',
    'x'.repeat(5_000),
    2 ** 60,
    [null],
    [['1']],
  ),
  fc.jsonValue(),
)

/** Honest JSON with one or two values in it replaced or left out. */
export function spoiled(honest: unknown): fc.Arbitrary<unknown> {
  return fc
    .array(fc.tuple(fc.nat(), bad, fc.boolean()), { minLength: 1, maxLength: 2 })
    .map((spoils) => spoils.reduce((value, [at, by, drops]) => spoil(value, at, by, drops), honest))
}

function spoil(value: unknown, at: number, by: unknown, drops: boolean): unknown {
  let place = at % countOf(value)
  const visit = (node: unknown): unknown => {
    if (place-- === 0) return by
    if (Array.isArray(node))
      return node.map(visit).filter((_, index) => !(drops && place === -1 && index === at % node.length))
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(Object.entries(node).map(([name, inner]) => [name, visit(inner)]))
  }
  return visit(value)
}

function countOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, inner) => sum + countOf(inner), 1)
}
